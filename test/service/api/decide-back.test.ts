import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { UNTRUSTED, VERIFIED } from '#test/fixtures/decision.ts';
import { KEY, ONE, WHY, decide, expectUntouched, refused } from '#test/fixtures/decisions.ts';
import { A, B, C, D } from '#test/fixtures/digests.ts';
import { stage, strategy } from '#test/fixtures/rollout.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import {
  type StagedApiWorld,
  createStagedApiWorld,
  moved,
  moving,
  rollout,
} from '#test/fixtures/staged-api.ts';
import { asPerson } from '#test/fixtures/people.ts';

const LEAD = 'lead@acme.example';
const AWAITING = { status: 'awaiting-approval', cause: 'approval', stage: 'early' } as const;
const APPROVE = { ...WHY, stage: 'early' };
const CHART = 'us-docker.pkg.dev/acme/charts/shop';

/** A world in which a person asks who is no invoker. */
async function worldOf(
  name: string,
  from: Partial<RolloutRecord>,
  count = 1,
): Promise<StagedApiWorld> {
  const approval = { approvers: [LEAD, 'other@acme.example'], count };
  const world = await createStagedApiWorld({
    strategy: strategy({
      stages: [stage('early', { approval }), stage('rest', { selects: () => true })],
    }),
    rollouts: [rollout({ ...AWAITING, ...from })],
    rows: { 'cluster-2': [moved()], 'cluster-3': [moved()] },
    deps: { checkPerson: asPerson(name) },
  });
  world.verdicts.set(B, VERIFIED);
  return world;
}

describe('POST /v1/rollouts/{id}/approve', () => {
  it('is for an approver of the stage, who need not be an invoker', async () => {
    const world = await worldOf(LEAD, {});
    const answer = await decide(world, 'approve', APPROVE);
    expect(answer.rollout.approvals).toMatchObject([{ stage: 'early', by: LEAD }]);
    expect(await world.recorded()).toMatchObject({ version: 8, approvals: [{ by: LEAD }] });
    expect(world.events).toMatchObject([
      { type: 'rollout.approved', data: { actor: LEAD, reason: 'INC-7', stage: 'early' } },
    ]);
  });

  it('says in a dry run which stage opens, and for whom', async () => {
    const world = await worldOf(LEAD, {});
    const { touched, message } = await decide(world, 'approve', { ...APPROVE, dryRun: true });
    expect(touched?.list).toEqual([
      { cluster: 'cluster-1', sync: 'RootSync/root-sync', after: B },
      { cluster: 'cluster-4', sync: 'RootSync/root-sync', after: B },
    ]);
    expect(message).toBe('rest: 0 of 2 live, 2 under way; then it is completed');
    await expectUntouched(world, rollout(AWAITING));
  });

  it.each<[string, string, Partial<RolloutRecord>, object, number, string]>([
    ['a viewer', 'dev@acme.example', {}, {}, 403, 'rollout-not-an-approver'],
    ['who started it', LEAD, { startedBy: LEAD }, {}, 403, 'rollout-not-by-starter'],
    ['another stage', LEAD, {}, { stage: 'rest' }, 409, 'rollout-not-now'],
    ['a stage of no strategy', LEAD, {}, { stage: '__proto__' }, 409, 'rollout-not-now'],
    ['what still soaks', LEAD, { status: 'soaking' }, {}, 409, 'rollout-not-now'],
    ['what waits for a signature', LEAD, { cause: 'signature' }, {}, 409, 'rollout-not-now'],
    ['no stage', LEAD, {}, { stage: undefined }, 400, 'bad-request'],
  ])('refuses %s', async (_, name, from, body, status, code) => {
    const world = await worldOf(name, from);
    expect(await refused(world, 'approve', { ...APPROVE, ...body })).toMatchObject({
      status,
      code,
    });
    await expectUntouched(world, rollout({ ...AWAITING, ...from }));
  });

  it('counts each approver once', async () => {
    const world = await worldOf(LEAD, {}, 2);
    await decide(world, 'approve', APPROVE);
    expect(await refused(world, 'approve', APPROVE)).toMatchObject({
      status: 409,
      code: 'rollout-approved-before',
    });
  });

  it('refuses a digest that does not verify any more', async () => {
    const world = await worldOf(LEAD, {});
    world.verdicts.set(B, UNTRUSTED);
    expect(await refused(world, 'approve', APPROVE)).toEqual({ status: 422, code: 'not-verified' });
    await expectUntouched(world, rollout(AWAITING));
  });
});

describe('POST /v1/rollouts/{id}/rollback', () => {
  it('goes back to what was completed last, under an id of its own', async () => {
    const world = await createStagedApiWorld({ rows: { 'cluster-1': [moved()] } });
    const { rollout: shown } = await decide(world, 'rollback', WHY, KEY);
    expect(shown).toMatchObject({
      kind: 'rollback',
      status: 'rolling-back',
      digest: A,
      rejected: [B],
      startedBy: 'local',
    });
    expect(shown.id).toMatch(/^platform-v1-8-[0-9a-f]{8}$/);
    expect(world.types()).toEqual(['rollout.rolling-back']);
    expect((await world.get(ONE)).status).toBe(404);
    // A repetition names the id of what was rolled back.
    expect((await decide(world, 'rollback', WHY, KEY)).rollout).toEqual(shown);
    expect(world.events).toHaveLength(1);
  });

  it('says in a dry run who goes back, and who stops', async () => {
    const from = rollout({ stage: 'early', cursor: { cluster: 'cluster-3' } });
    const world = await createStagedApiWorld({
      rollouts: [from],
      rows: { 'cluster-1': [moved()], 'cluster-2': [moving()] },
    });
    const { touched } = await decide(world, 'rollback', { ...WHY, dryRun: true });
    expect(touched?.list).toEqual([
      { cluster: 'cluster-1', sync: 'RootSync/root-sync', after: A },
      { cluster: 'cluster-2', sync: 'RootSync/root-sync', after: A },
      { cluster: 'cluster-3', sync: 'RootSync/root-sync', before: B },
    ]);
    await expectUntouched(world, from);
  });

  it('goes back to a digest that verifies, by its child', async () => {
    const world = await createStagedApiWorld();
    world.children.set(D, C);
    world.verdicts.set(C, VERIFIED);
    const { rollout: shown } = await decide(world, 'rollback', { ...WHY, to: D });
    expect(shown.digest).toBe(C);
    expect((await world.recorded())?.indexes).toEqual({ [C]: D });
    expect(world.resolved.at(-1)).toBe(`${IMAGE.slice(0, -3)}@${D}`);
  });

  it('goes back past what was completed last for an overrider alone', async () => {
    const checkPerson = asPerson('ops@acme.example', { mayInvoke: true });
    const world = await createStagedApiWorld({ deps: { checkPerson } });
    world.verdicts.set(C, VERIFIED);
    world.children.set(D, A);
    for (const dryRun of [true, false]) {
      const body = { ...WHY, to: C, dryRun };
      expect(await refused(world, 'rollback', body)).toEqual({ status: 403, code: 'forbidden' });
    }
    await expectUntouched(world, rollout());
    // What was completed last, by the index that it is a child of.
    expect((await decide(world, 'rollback', { ...WHY, to: D })).rollout.digest).toBe(A);
  });

  it('verifies a child that it knows by its index', async () => {
    const world = await createStagedApiWorld({
      rollouts: [rollout({ indexes: { [A]: D } })],
    });
    world.children.set(D, A);
    await decide(world, 'rollback', { ...WHY, to: A });
    expect(world.resolved.at(-1)).toBe(`${IMAGE.slice(0, -3)}@${D}`);
  });

  it('goes back to a version of the chart', async () => {
    const key = (version: string): string => `${CHART}:${version}`;
    const chart = rollout({ image: key('2.0.0'), digest: key('2.0.0'), previous: key('1.0.0') });
    const world = await createStagedApiWorld({ rollouts: [chart] });
    world.tags.set(key('1.5.0'), C);
    world.verdicts.set(C, VERIFIED);
    const { rollout: shown } = await decide(world, 'rollback', { ...WHY, to: key('1.5.0') });
    expect(shown.digest).toBe(key('1.5.0'));
  });

  it.each<[string, string, number, string]>([
    ['what does not verify', C, 422, 'not-verified'],
    ['what is rolled out', B, 409, 'rollout-no-way-back'],
    ['no digest', 'v1', 400, 'bad-request'],
    ['another kind of digest', `sha512:${'a'.repeat(64)}`, 400, 'bad-request'],
    ['an image of another repository', `evil.example/x@${A}`, 400, 'bad-request'],
    ['a tag of another host', 'evil.example/x:v1', 400, 'bad-request'],
    ['a property of every object', '__proto__', 400, 'bad-request'],
    ['nothing', '', 400, 'bad-request'],
  ])('does not go back to %s', async (_, to, status, code) => {
    const world = await createStagedApiWorld();
    world.verdicts.set(B, VERIFIED);
    for (const dryRun of [false, true]) {
      expect(await refused(world, 'rollback', { ...WHY, to, dryRun })).toMatchObject({
        status,
        code,
      });
    }
    await expectUntouched(world, rollout());
  });

  it('does not go back to what was rolled back, nor where there is no way', async () => {
    const world = await createStagedApiWorld({ rollouts: [rollout({ rejected: [C] })] });
    world.verdicts.set(C, VERIFIED);
    expect(await refused(world, 'rollback', { ...WHY, to: C })).toMatchObject({
      code: 'rollout-no-way-back',
    });
    const answer = await world.post(`${ONE}/rollback`, { ...WHY, to: C });
    expect(await answer.json()).toMatchObject({ detail: expect.stringContaining('rolled back') });
    const { previous: _, ...first } = rollout({ version: 8 });
    await world.put(first);
    expect(await refused(world, 'rollback')).toMatchObject({ code: 'rollout-no-way-back' });
    expect(world.events).toEqual([]);
  });

  it('asks no registry on the way to what was completed', async () => {
    const world = await createStagedApiWorld();
    world.broken.set(
      `${IMAGE.slice(0, -3)}@${A}`,
      new CountersignError('registry-unavailable', 'Down'),
    );
    await decide(world, 'rollback');
    expect(world.resolved).toEqual([]);
    const other = await createStagedApiWorld();
    other.broken.set(
      `${IMAGE.slice(0, -3)}@${C}`,
      new CountersignError('registry-unavailable', 'Down'),
    );
    expect((await refused(other, 'rollback', { ...WHY, to: C })).status).toBe(503);
  });

  it('names the tag that has to be moved where an approval moves nothing', async () => {
    const rule = { rollout: 'fleet', effect: 'gate' } as const;
    const world = await createStagedApiWorld({
      rollouts: [rollout({ indexes: { [A]: D } })],
      rule,
    });
    const needsTag = {
      tag: 'v1',
      digest: D,
      command: `crane tag ${IMAGE.slice(0, -3)}@${D} v1`,
    };
    expect((await decide(world, 'rollback', { ...WHY, dryRun: true })).needsTag).toEqual(needsTag);
    expect((await decide(world, 'rollback')).needsTag).toEqual(needsTag);
    const pinned = await createStagedApiWorld({ rule: { rollout: 'fleet', effect: 'pin' } });
    expect(await decide(pinned, 'rollback')).not.toHaveProperty('needsTag');
  });
});

describe('POST /v1/rollouts/{id}/retry', () => {
  it.each<[string, Partial<RolloutRecord>]>([
    ['was aborted', { status: 'aborted', cause: 'person', stage: 'rest' }],
    ['is halted', { status: 'halted', cause: 'failures', stage: 'early' }],
    ['was rolled back', { kind: 'rollback', status: 'rolled-back', digest: A, rejected: [B] }],
  ])('begins again with what %s', async (_, from) => {
    const world = await createStagedApiWorld({ rollouts: [rollout(from)] });
    const { rollout: shown } = await decide(world, 'retry');
    expect(shown).toMatchObject({
      kind: 'forward',
      status: 'rolling',
      digest: B,
      stage: 'canary',
      startedBy: 'local',
      rejected: [],
    });
    expect(shown.id).toMatch(/^platform-v1-8-[0-9a-f]{8}$/);
    expect(world.types()).toContain('rollout.started');
  });

  it('has the id that any instance gives it', async () => {
    const from = rollout({ status: 'aborted', cause: 'person' });
    const worlds = [
      await createStagedApiWorld({ rollouts: [from] }),
      await createStagedApiWorld({ rollouts: [from] }),
    ];
    const ids = await Promise.all(
      worlds.map(async (world) => (await decide(world, 'retry')).rollout.id),
    );
    expect(new Set(ids).size).toBe(1);
  });

  it('is refused while it goes on', async () => {
    const world = await createStagedApiWorld();
    expect(await refused(world, 'retry')).toMatchObject({
      status: 409,
      code: 'rollout-not-now',
      rollout: { version: 7 },
    });
    await expectUntouched(world, rollout());
  });
});
