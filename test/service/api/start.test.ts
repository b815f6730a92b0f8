import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { DecisionAnswer } from '#functions/api/rollouts/decision-operation.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { UNTRUSTED, VERIFIED } from '#test/fixtures/decision.ts';
import { KEY, WHY, expectUntouched } from '#test/fixtures/decisions.ts';
import { A, B, C, D } from '#test/fixtures/digests.ts';
import { asPerson } from '#test/fixtures/people.ts';
import { HOUR, strategy } from '#test/fixtures/rollout.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { goneNow } from '#test/fixtures/there-now.ts';
import {
  type StagedApiWorld,
  before,
  createStagedApiWorld,
  rollout,
} from '#test/fixtures/staged-api.ts';

const DONE = { status: 'completed', stage: 'rest', digest: A } as const;
const START = { ...WHY, image: IMAGE };
const CHART = 'us-docker.pkg.dev/acme/charts/shop';

/** A is completed, and the tag names C; all but D verify. */
async function worldOf(
  from: Partial<RolloutRecord> = DONE,
  options: Parameters<typeof createStagedApiWorld>[0] = {},
): Promise<StagedApiWorld> {
  const world = await createStagedApiWorld({ rollouts: [rollout(from)], ...options });
  world.tags.set(IMAGE, C);
  for (const digest of [A, B, C]) world.verdicts.set(digest, VERIFIED);
  world.verdicts.set(D, UNTRUSTED);
  return world;
}

async function start(world: StagedApiWorld, body: object, headers = {}): Promise<DecisionAnswer> {
  const answer = await world.post('/v1/rollouts', body, headers);
  expect(answer.status).toBe(200);
  return DecisionAnswer.parse(await answer.json());
}

const Refused = z.object({ code: z.string() });

async function refused(world: StagedApiWorld, body: object): Promise<[number, string]> {
  const answer = await world.post('/v1/rollouts', body);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  return [answer.status, Refused.parse(await answer.json()).code];
}

describe('POST /v1/rollouts', () => {
  it('rolls out what the tag names, from the first stage', async () => {
    const world = await worldOf();
    const { rollout: shown } = await start(world, START, KEY);
    expect(shown).toMatchObject({
      digest: C,
      previous: A,
      status: 'rolling',
      stage: 'canary',
      startedBy: 'local',
      history: [{ did: `start ${C}`, reason: 'INC-7' }],
    });
    expect(shown.id).toMatch(/^platform-v1-8-[0-9a-f]{8}$/);
    expect(shown).not.toHaveProperty('passedOver');
    expect(world.events).toMatchObject([
      { type: 'rollout.started', data: { actor: 'local', reason: 'INC-7', digest: C } },
    ]);
    expect((await start(world, START, KEY)).rollout).toEqual(shown);
    expect(world.events).toHaveLength(1);
  });

  it('rolls out another digest, and passes over what the tag names', async () => {
    const world = await worldOf();
    const { rollout: shown } = await start(world, { ...START, digest: B });
    expect(shown).toMatchObject({ digest: B, passedOver: C });
  });

  it('says under gate which tag has to be moved', async () => {
    const world = await worldOf(DONE, { rule: { rollout: 'fleet', effect: 'gate' } });
    const { needsTag } = await start(world, { ...START, digest: B, dryRun: true });
    expect(needsTag).toMatchObject({ tag: 'v1', digest: B });
    expect(await start(world, { ...START, dryRun: true })).not.toHaveProperty('needsTag');
    await expectUntouched(world, rollout(DONE));
  });

  it('rolls out a version of a chart', async () => {
    const key = (version: string): string => `${CHART}:${version}`;
    const image = key('stable');
    const world = await worldOf({ ...DONE, image, digest: key('1.0.0') });
    world.tags.set(key('1.5.0'), C);
    world.tags.set(image, D);
    const { rollout: shown } = await start(world, { ...START, image, digest: key('1.5.0') });
    expect(shown.digest).toBe(key('1.5.0'));
  });

  it('says as a WARNING that nothing could go back', async () => {
    const planning = { callsPerMinute: 600, resolveNow: goneNow };
    const world = await worldOf(DONE, { deps: { planning } });
    await start(world, START);
    expect(world.events).toMatchObject([
      { type: 'rollout.started', severity: 'WARNING', data: { noWayBack: true } },
    ]);
    const there = await worldOf();
    await start(there, START);
    expect(there.events[0]?.data).not.toHaveProperty('noWayBack');
  });

  it('is for invokers', async () => {
    const world = await worldOf(DONE, { deps: { checkPerson: asPerson('dev@acme.example') } });
    for (const dryRun of [true, false]) {
      expect(await refused(world, { ...START, dryRun })).toEqual([403, 'forbidden']);
    }
    await expectUntouched(world, rollout(DONE));
  });

  it.each<[string, Partial<RolloutRecord>, object, number, string]>([
    ['what does not verify', {}, { digest: D }, 422, 'not-verified'],
    ['what was rolled back', { rejected: [B] }, { digest: B }, 409, 'rollout-rejected'],
    ['what is rolled out', {}, { digest: A }, 409, 'rollout-same'],
    ['while it is paused', { status: 'paused', cause: 'person' }, {}, 409, 'rollout-not-now'],
    ['on the way back', { kind: 'rollback', status: 'rolling-back' }, {}, 409, 'rollout-not-now'],
    ['an older reading', { resolvedAt: before(-HOUR / 2) }, {}, 409, 'rollout-older'],
    ['over another version', {}, { ifVersion: 6 }, 409, 'rollout-changed'],
    ['an image without a record', {}, { image: `${IMAGE}-other` }, 404, 'not-found'],
    ['an image of no entry', {}, { image: 'evil.example/x:v1' }, 404, 'not-found'],
    ['what is no image', {}, { image: '::' }, 400, 'bad-reference'],
    ['a digest in the image', {}, { image: `${IMAGE}@${B}` }, 400, 'bad-request'],
    ['of another repository', {}, { digest: 'evil.example/x:v1' }, 400, 'bad-request'],
    ['no reason', {}, { reason: '' }, 400, 'bad-request'],
  ])('does not start %s', async (_, from, body, status, code) => {
    const world = await worldOf({ ...DONE, ...from });
    expect(await refused(world, { ...START, ...body })).toEqual([status, code]);
    await expectUntouched(world, rollout({ ...DONE, ...from }));
  });

  it('does not start what the roll-out of another tag of the repository took back', async () => {
    const [repository] = IMAGE.split(':');
    const other = { ...DONE, rejected: [B, C], version: 3 };
    const world = await worldOf(DONE, {
      rollouts: [
        rollout(DONE),
        rollout({ ...other, image: `${repository}:v2`, id: 'platform-v2-3-00000002' }),
      ],
    });
    for (const body of [{ digest: B }, {}]) {
      const answer = await world.post('/v1/rollouts', { ...START, ...body });
      expect(answer.status).toBe(409);
      expect(await answer.json()).toMatchObject({
        code: 'rollout-rejected',
        detail: expect.stringContaining(`${repository}:v2`),
        rollout: { image: IMAGE },
      });
    }
    await expectUntouched(world, rollout(DONE));
    const elsewhere = await worldOf(DONE, {
      rollouts: [
        rollout(DONE),
        rollout({ ...other, image: `${CHART}:v2`, id: 'shop-v2-3-00000002' }),
      ],
    });
    expect((await start(elsewhere, { ...START, digest: B })).rollout.digest).toBe(B);
  });

  it('does not start what the tag names unverified, nor cut a queue short', async () => {
    const world = await worldOf();
    world.tags.set(IMAGE, D);
    expect(await refused(world, START)).toEqual([422, 'not-verified']);
    const queue = await worldOf({}, { strategy: strategy({ onNewer: 'queue' }) });
    expect(await refused(queue, START)).toEqual([409, 'rollout-queues']);
    await expectUntouched(queue, rollout());
  });
});
