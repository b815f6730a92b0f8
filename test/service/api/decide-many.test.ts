import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { encodeEvent } from '#shared/status/encode.ts';
import { KEY, ONE, WHY } from '#test/fixtures/decisions.ts';
import { B } from '#test/fixtures/digests.ts';
import { OVERRIDER } from '#test/fixtures/people.ts';
import { VERIFIED } from '#test/fixtures/decision.ts';
import { type StagedApiWorld, createStagedApiWorld } from '#test/fixtures/staged-api.ts';

const WRITERS = 50;
const VERBS = ['pause', 'abort', 'rollback', 'promote', 'resume', 'retry'] as const;

/** Each request is of a person of its own. */
const checkPerson = async (headers: Headers) => ({
  name: headers.get('x-person') ?? '',
  ...OVERRIDER,
});

/** Instances of the API over one set of records. */
async function instances(count: number): Promise<readonly StagedApiWorld[]> {
  const first = await createStagedApiWorld({ deps: { checkPerson } });
  const others = await Promise.all(
    Array.from({ length: count - 1 }, async () => {
      const world = await createStagedApiWorld({
        deps: { checkPerson },
        rollouts: [],
        records: first.records,
      });
      return world;
    }),
  );
  const all = [first, ...others];
  for (const world of all) world.verdicts.set(B, VERIFIED);
  return all;
}

const Answer = z.object({
  code: z.string().optional(),
  rollout: z.object({ version: z.int() }).optional(),
});

interface Got {
  readonly status: number;
  readonly code: string | undefined;
  readonly version: number | undefined;
}

async function send(
  world: StagedApiWorld | undefined,
  verb: string,
  body: object,
  headers: Record<string, string>,
): Promise<Got> {
  const answer = await world?.post(`${ONE}/${verb}`, body, headers);
  const { code, rollout } = Answer.parse(await answer?.json());
  return { status: answer?.status ?? 0, code, version: rollout?.version };
}

function idsOf(worlds: readonly StagedApiWorld[]): readonly unknown[] {
  const context = { source: '//x', now: new Date(0) };
  const events = worlds.flatMap((world) => world.events);
  return events.map((event) => encodeEvent(event, context).attributes['ce-id']);
}

describe('fifty people who decide on one record at once', () => {
  it('of the same version: one does, and the others get the record as it is', async () => {
    const [world] = await instances(1);
    const got = await Promise.all(
      Array.from({ length: WRITERS }, (_, n) => {
        const verb = VERBS[n % 4] ?? 'pause';
        const body = { ...WHY, ifVersion: 7, ...(verb === 'promote' && { all: true }) };
        return send(world, verb, body, { 'x-person': `p${n}@acme.example` });
      }),
    );
    expect(got.filter(({ status }) => status === 200)).toEqual([
      { status: 200, code: undefined, version: 8 },
    ]);
    const others = got.filter(({ status }) => status !== 200);
    expect(new Set(others.map((one) => JSON.stringify(one)))).toEqual(
      new Set([JSON.stringify({ status: 409, code: 'rollout-changed', version: 8 })]),
    );
    expect(await world?.recorded()).toMatchObject({ version: 8 });
    expect(world?.events).toHaveLength(1);
  });

  it('under one key of one person: it is decided once, and all get that', async () => {
    const [world] = await instances(1);
    // Within the rate of one caller.
    const got = await Promise.all(
      Array.from({ length: 20 }, () => send(world, 'pause', WHY, { ...KEY, 'x-person': 'ops' })),
    );
    expect(new Set(got.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(got[0]).toEqual({ status: 200, code: undefined, version: 8 });
    expect(new Set(idsOf(world ? [world] : [])).size).toBe(1);
  });

  it('over three instances: each version has one writer, and each answer is of its own version', async () => {
    const worlds = await instances(3);
    const got = await Promise.all(
      Array.from({ length: WRITERS }, (_, n) => {
        const verb = VERBS[n % VERBS.length] ?? 'pause';
        const body = { ...WHY, ...(verb === 'promote' && { all: true }) };
        return send(worlds[n % 3], verb, body, { 'x-person': `p${n}@acme.example` });
      }),
    );
    const won = got.flatMap(({ status, version }) => (status === 200 ? [version] : []));
    const record = await worlds[0]?.recorded();
    expect(new Set(won).size).toBe(won.length);
    expect(record?.version).toBe(7 + won.length);
    expect(record?.history).toHaveLength(won.length);
    const codes = new Set(got.flatMap(({ code }) => code ?? []));
    expect([...codes].filter((code) => !REFUSALS.includes(code))).toEqual([]);
  });
});

const REFUSALS = [
  'rollout-changed',
  'rollout-not-now',
  'rollout-open-already',
  'rollout-rejected',
  // Others were faster five times in a row.
  'store-unavailable',
];
