import { beforeAll, describe, expect, it } from 'vitest';
import { DecisionAnswer } from '#functions/api/rollouts/decision-operation.ts';
import {
  KEY,
  ONE,
  PAUSED,
  WHY,
  decide,
  expectUntouched,
  refused,
} from '#test/fixtures/decisions.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { VERIFIED } from '#test/fixtures/decision.ts';
import { B } from '#test/fixtures/digests.ts';
import { HOUR } from '#test/fixtures/rollout.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import {
  type StagedApiWorld,
  before,
  createStagedApiWorld,
  rollout,
} from '#test/fixtures/staged-api.ts';
import { asPerson } from '#test/fixtures/people.ts';

/** What each may be decided on, and what it asks for beside a reason. */
const VERBS: readonly (readonly [string, RolloutRecord, object])[] = [
  ['pause', rollout(), {}],
  ['resume', rollout(PAUSED), {}],
  ['abort', rollout(), {}],
  ['rollback', rollout(), {}],
  ['retry', rollout({ status: 'aborted', cause: 'person' }), {}],
  ['promote', rollout(), { all: true }],
];

describe.each(VERBS)('who may %s', (verb, from, more) => {
  const ASKED = { ...WHY, ...more };
  let shared: StagedApiWorld;
  beforeAll(async () => {
    shared = await createStagedApiWorld({ rollouts: [from] });
  });

  it('is no viewer', async () => {
    const checkPerson = asPerson('dev@acme.example');
    const world = await createStagedApiWorld({ rollouts: [from], deps: { checkPerson } });
    for (const dryRun of [false, true]) {
      expect(await refused(world, verb, { ...ASKED, dryRun })).toEqual({
        status: 403,
        code: 'forbidden',
      });
    }
    await expectUntouched(world, from);
    expect((await world.get(ONE)).status).toBe(200);
  });

  it.each([
    ['another site', { origin: 'https://evil.example' }],
    ['what says it is cross-site', { 'sec-fetch-site': 'cross-site' }],
  ])('is not %s', async (_, headers) => {
    expect((await refused(shared, verb, ASKED, headers)).status).toBe(403);
    await expectUntouched(shared, from);
  });

  it.each<[string, unknown]>([
    ['no reason', {}],
    ['an empty reason', { reason: '' }],
    ['a reason of blanks', { reason: ' \n' }],
    ['a long reason', { reason: 'x'.repeat(501) }],
    ['a reason that is none', { reason: 7 }],
    ['a version that is none', { ...WHY, ifVersion: 0 }],
    ['a version as text', { ...WHY, ifVersion: '7' }],
    ['a part of a version', { ...WHY, ifVersion: 7.5 }],
    ['a misspelt field', { ...WHY, dryrun: true }],
    ['an actor of its own', { ...WHY, by: 'root@acme.example' }],
    ['a list', [WHY]],
    ['nothing', 'null'],
    ['no JSON', '{'],
    ['too many clusters', { ...WHY, ignore: Array.from({ length: 201 }, () => 'cluster-1') }],
    ['a cluster without a name', { ...WHY, ignore: [''] }],
    ['a long name', { ...WHY, ignore: ['x'.repeat(513)] }],
    ['a prototype', `{"reason":"x","__proto__":{"dryRun":true},"x":1}`],
  ])('writes not %s', async (_, body) => {
    // So that the rate limit, tested elsewhere, refuses nothing here.
    shared.pass(HOUR);
    expect((await refused(shared, verb, body)).status).toBe(400);
    await expectUntouched(shared, from);
  });

  it('sends JSON', async () => {
    const answer = await shared.request(`${ONE}/${verb}`, { method: 'POST', body: 'reason=x' });
    expect(answer.status).toBe(415);
    expect((await shared.get(`${ONE}/${verb}`)).status).toBe(405);
    await expectUntouched(shared, from);
  });

  it('writes text that rules nothing', async () => {
    const world = await createStagedApiWorld({ rollouts: [from] });
    const reason = '\u001b[2J\u202e"><script>';
    world.verdicts.set(B, VERIFIED);
    const answer = await world.post(`${ONE}/${verb}`, { ...more, reason });
    const text = await answer.text();
    expect(text).not.toContain('\u001b');
    expect(text).not.toContain('\u202e');
    expect(DecisionAnswer.parse(JSON.parse(text)).rollout.history[0]?.reason).toBe(reason);
  });
});

describe('a record that has been decided on for years', () => {
  it('stays within its bounds', async () => {
    const entry = {
      by: 'ops@acme.example',
      reason: 'é'.repeat(500),
      did: 'pause',
      at: before(HOUR),
    };
    const history = Array.from({ length: 14 }, () => entry);
    const world = await createStagedApiWorld({ rollouts: [rollout({ history })] });
    const { rollout: shown } = await decide(world, 'pause', { reason: 'é'.repeat(500) }, KEY);
    expect(shown.history.length).toBeLessThan(16);
    expect(shown.history.at(-1)).toMatchObject({ by: 'local', did: 'pause' });
    expect(world.records.texts.get(IMAGE)?.length).toBeLessThan(20_000);
  });
});
