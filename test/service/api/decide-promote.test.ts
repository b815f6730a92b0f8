import { describe, expect, it } from 'vitest';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { UNTRUSTED, VERIFIED } from '#test/fixtures/decision.ts';
import { KEY, WHY, decide, expectUntouched, refused } from '#test/fixtures/decisions.ts';
import { B } from '#test/fixtures/digests.ts';
import { OVERRIDER, asPerson } from '#test/fixtures/people.ts';
import { hours, stage, strategy } from '#test/fixtures/rollout.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { row } from '#test/fixtures/staged-rows.ts';
import { type StagedApiWorld, createStagedApiWorld, rollout } from '#test/fixtures/staged-api.ts';

const ONCALL = 'oncall@acme.example';
/** Shut at six in the morning, when the world begins. */
const BY = strategy({
  stages: [
    stage('canary'),
    stage('early', { windows: [hours(13, 14)] }),
    stage('rest', { selects: () => true, signedBy: 'release' }),
  ],
});
const EARLY = { ...WHY, stage: 'early' };
const ROOT = 'RootSync/root-sync';

async function worldOf(
  from: Partial<RolloutRecord> = {},
  rights = { mayInvoke: true, mayOverride: true },
): Promise<StagedApiWorld> {
  const world = await createStagedApiWorld({
    strategy: BY,
    rollouts: [rollout(from)],
    rows: { 'cluster-3': [row({ staged: { image: IMAGE, stage: 'early', hold: '- ops INC-7' } })] },
    deps: { checkPerson: asPerson(ONCALL, rights) },
  });
  world.verdicts.set(B, VERIFIED);
  return world;
}

describe('POST /v1/rollouts/{id}/promote', () => {
  it('opens the stages up to one, published as a WARNING with who did it', async () => {
    const world = await worldOf();
    const { rollout: shown } = await decide(world, 'promote', EARLY, KEY);
    expect(shown).toMatchObject({
      status: 'rolling',
      stage: 'early',
      promoted: { overrideWindows: false, includeHeld: false },
      history: [{ by: ONCALL, did: 'promote early', reason: 'INC-7' }],
    });
    expect(world.events).toMatchObject([
      { type: 'rollout.promoted', data: { actor: ONCALL, reason: 'INC-7', stage: 'early' } },
    ]);
    // A repetition decides nothing more.
    await decide(world, 'promote', EARLY, KEY);
    expect(world.events).toHaveLength(1);
  });

  it.each<[object, string[]]>([
    [{ stage: 'canary' }, []],
    [EARLY, []],
    [{ stage: 'early', overrideWindows: true }, ['cluster-2']],
    [{ stage: 'early', overrideWindows: true, includeHeld: true }, ['cluster-2', 'cluster-3']],
    [{ all: true, overrideWindows: true }, ['cluster-2', 'cluster-4']],
  ])('says in a dry run of %j whom it lets in', async (body, names) => {
    const from = { cursor: { cluster: 'cluster-9' } };
    const world = await worldOf(from);
    const { touched } = await decide(world, 'promote', { ...WHY, ...body, dryRun: true });
    expect(touched?.list).toEqual(names.map((cluster) => ({ cluster, sync: ROOT, after: B })));
    await expectUntouched(world, rollout(from));
  });

  it('is for overriders alone', async () => {
    const world = await worldOf({}, { mayInvoke: true, mayOverride: false });
    expect(await refused(world, 'promote', EARLY)).toEqual({ status: 403, code: 'forbidden' });
    await expectUntouched(world, rollout());
  });

  it.each<[string, Partial<RolloutRecord>, object, number, string]>([
    ['what a person paused', { status: 'paused', cause: 'person' }, {}, 409, 'rollout-not-now'],
    ['what is halted', { status: 'halted', cause: 'failures' }, {}, 409, 'rollout-not-now'],
    ['a stage that is open', { stage: 'rest' }, {}, 409, 'rollout-open-already'],
    ['a stage of no strategy', {}, { stage: 'nothing' }, 409, 'rollout-no-such-stage'],
    ['what was rolled back', { rejected: [B] }, {}, 409, 'rollout-rejected'],
    ['a stage and all', {}, { all: true }, 400, 'bad-request'],
    ['to nowhere', {}, { stage: undefined }, 400, 'bad-request'],
  ])('does not promote %s', async (_, from, body, status, code) => {
    const world = await worldOf(from);
    expect(await refused(world, 'promote', { ...EARLY, ...body })).toMatchObject({ status, code });
    await expectUntouched(world, rollout(from));
  });

  it('skips no verification', async () => {
    const world = await worldOf();
    world.verdicts.set(B, UNTRUSTED);
    expect(await refused(world, 'promote', EARLY)).toEqual({ status: 422, code: 'not-verified' });
    await expectUntouched(world, rollout());
  });

  it('skips no signature that a stage asks for', async () => {
    const signed: string[] = [];
    const plain = await worldOf();
    const [release] = plain.deps.policies.values();
    if (release === undefined) throw new Error('The world has a policy');
    const policies = new Map([...plain.deps.policies, ['qa', { ...release, name: 'qa' }]]);
    const world = await createStagedApiWorld({
      strategy: strategy({ stages: [stage('canary'), stage('rest', { signedBy: 'qa' })] }),
      deps: {
        checkPerson: asPerson(ONCALL, OVERRIDER),
        policies,
        verifier: {
          verify: async (_, { name }) =>
            name !== 'qa' || signed.includes(name) ? VERIFIED : { status: 'unsigned' },
        },
      },
    });
    const all = { ...WHY, all: true };
    expect(await refused(world, 'promote', all)).toMatchObject({ code: 'rollout-not-signed' });
    await expectUntouched(world, rollout());
    signed.push('qa');
    expect((await decide(world, 'promote', all)).rollout.stage).toBe('rest');
  });
});
