import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { VERIFIED } from '#test/fixtures/decision.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
import { MINUTE } from '#test/fixtures/rollout.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { type Run, runCountersign as run } from '#test/fixtures/run-countersign.ts';
import {
  type StagedApiWorld,
  before,
  createStagedApiWorld,
  moved,
  moving,
  rollout,
} from '#test/fixtures/staged-api.ts';
import { OVERRIDER, asPerson } from '#test/fixtures/people.ts';

const ID = 'platform-v1-7-00000001';
const OTHER = 'us-docker.pkg.dev/acme/configs/other:v1';

describe('countersign rollouts', () => {
  it('prints each with its sentence', async () => {
    const world = await createStagedApiWorld({ rows: { 'cluster-1': [moving()] } });
    expect(await run(world, ['rollouts'])).toEqual({
      code: 0,
      out: [
        'IMAGE                                       STATUS   STAGE   LIVE    AGE  ID                      MESSAGE',
        `${IMAGE}  rolling  canary  0 of 4  1 h  ${ID}  canary: 0 of 1 live, 1 under way; then soaks 1 h, then stage early`,
        '',
      ].join('\n'),
      err: '',
    });
  });

  it('reads every page, and filters', async () => {
    const many = Array.from({ length: 250 }, (_, at) =>
      rollout({ id: `r${at}`, image: `us-docker.pkg.dev/acme/configs/x-${at}:v1` }),
    );
    const halted = rollout({ id: 'r', image: OTHER, status: 'halted' });
    const world = await createStagedApiWorld({ rollouts: [...many, halted] });
    const { code, out } = await run(world, ['rollouts', '--json']);
    expect({ code, found: JSON.parse(out).rollouts.length }).toEqual({ code: 1, found: 251 });
    const some = await run(world, ['rollouts', '--status', 'halted', '--json']);
    expect(JSON.parse(some.out).rollouts).toMatchObject([{ id: 'r' }]);
    const one = await run(world, ['rollouts', '--image', many[0]?.image ?? '', '--json']);
    expect({ code: one.code, out: JSON.parse(one.out).rollouts }).toMatchObject({
      code: 0,
      out: [{ id: 'r0' }],
    });
  });

  it('exits with 1 where a record is lost, and says so where there is nothing', async () => {
    const world = await createStagedApiWorld({ rollouts: [] });
    expect(await run(world, ['rollouts'])).toMatchObject({ code: 0, out: 'No roll-outs\n' });
    world.records.images.add(OTHER);
    const { code, out } = await run(world, ['rollouts']);
    expect(code).toBe(1);
    expect(out).toMatch(new RegExp(`\n${OTHER} +lost +Its record is lost or unreadable`));
  });
});

describe('countersign rollout show', () => {
  it('prints the stages, what lags, and what people did', async () => {
    const history = [{ at: before(MINUTE), by: 'ops@x', did: 'pause', reason: 'INC-7' }];
    const world = await createStagedApiWorld({
      rollouts: [rollout({ history })],
      rows: { 'cluster-1': [moving()] },
    });
    const { code, out } = await run(world, ['rollout', 'show', ID]);
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      `${ID}  rolling  version 7`,
      'canary: 0 of 1 live, 1 under way; then soaks 1 h, then stage early',
      `image   ${IMAGE}`,
      `digest  ${B}`,
      `before  ${A}`,
      'begun   1 h ago, 2026-11-22 05:00 UTC, by push',
      '',
      'STAGE   LIVE    UNDER WAY  FAILED  UNREACHABLE  WAITING  HELD',
      'canary  0 of 1  1          0       0            0        0',
      'early   0 of 2  0          0       0            2        0',
      'rest    0 of 1  0          0       0            1        0',
      '',
      'LAGS       STAGE   IS         AGE    RSYNC               WHY',
      'cluster-1  canary  under-way  1 min  RootSync/root-sync  Not live yet',
      '',
      'WHEN       BY     WHAT   REASON',
      '1 min ago  ops@x  pause  INC-7',
      '',
    ]);
    expect(JSON.parse((await run(world, ['rollout', 'show', ID, '--json'])).out)).toMatchObject({
      id: ID,
      stages: [{ lagging: [{ cluster: 'cluster-1' }] }, {}, {}],
    });
  });

  it('exits with 1 for one that is halted, and with 2 for one that is not there', async () => {
    const world = await createStagedApiWorld({
      rollouts: [rollout({ status: 'halted', cause: 'failures' })],
    });
    expect((await run(world, ['rollout', 'show', ID])).code).toBe(1);
    const { code, out, err } = await run(world, ['rollout', 'show', '../fleet']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('bad-request');
  });
});

describe('countersign rollout pause, resume and abort', () => {
  it.each([
    ['pause', {}, 'paused'],
    ['resume', { status: 'paused', cause: 'person' }, 'rolling'],
    ['abort', {}, 'aborted'],
  ] as const)('%s decides, once', async (verb, from, status) => {
    const world = await createStagedApiWorld({ rollouts: [rollout(from)] });
    const args = ['rollout', verb, ID, '--reason', 'INC-7', '--if-version', '7', '--key', 'k'];
    const first = await run(world, args);
    expect(first).toEqual({ code: 0, out: `${ID} is ${status}, version 8\n`, err: '' });
    expect(await run(world, args)).toEqual(first);
    expect(await world.recorded()).toMatchObject({ version: 8, status });
    expect(world.events).toHaveLength(1);
  });

  it('approves, rolls back and tries again', async () => {
    const awaiting = { status: 'awaiting-approval', cause: 'approval', stage: 'early' } as const;
    const world = await createStagedApiWorld({
      rollouts: [rollout(awaiting)],
      rule: { rollout: 'fleet', effect: 'gate' },
      deps: { checkPerson: asPerson('lead@acme.example', OVERRIDER) },
    });
    world.verdicts.set(B, VERIFIED);
    const why = ['--reason', 'INC-7'];
    const approved = await run(world, ['rollout', 'approve', ID, '--stage', 'early', ...why]);
    expect(approved.out).toBe(`${ID} is awaiting-approval, version 8\n`);
    const back = await run(world, ['rollout', 'rollback', ID, ...why, '--json']);
    const { id, status } = JSON.parse(back.out).rollout;
    expect({ code: back.code, status }).toEqual({ code: 0, status: 'rolling-back' });
    expect(id).not.toBe(ID);
    world.verdicts.set(C, VERIFIED);
    await world.put(rollout({ version: 10 }));
    const to = await run(world, ['rollout', 'rollback', ID, '--to', C, ...why, '--dry-run']);
    expect(to.out).toContain(`Move the tag as well: crane tag ${IMAGE.slice(0, -3)}@${C} v1`);
    await world.put(rollout({ version: 11, status: 'aborted', cause: 'person' }));
    expect((await run(world, ['rollout', 'retry', ID, ...why])).code).toBe(0);
    expect(await world.recorded()).toMatchObject({ version: 12, status: 'rolling', digest: B });
  });

  it('promotes up to a stage, and past what is asked', async () => {
    const world = await createStagedApiWorld();
    world.verdicts.set(B, VERIFIED);
    const past = ['--override-windows', '--include-held'];
    const args = ['rollout', 'promote', ID, '--stage', 'early', ...past, '--reason', 'CVE-2026-1'];
    expect(await run(world, args)).toMatchObject({ code: 0, out: `${ID} is rolling, version 8\n` });
    expect(await world.recorded()).toMatchObject({
      stage: 'early',
      promoted: { windows: true, held: true },
    });
    expect((await run(world, ['rollout', 'promote', ID, '--all', '--reason', 'x'])).code).toBe(0);
    expect(await world.recorded()).toMatchObject({ stage: 'rest', promoted: {} });
    expect((await run(world, ['rollout', 'show', ID])).out).toContain(
      'rest, let in at once by local (x): 0 of 1 live',
    );
  });

  it('starts what the tag names, and a digest beside it', async () => {
    const world = await createStagedApiWorld();
    world.tags.set(IMAGE, C);
    for (const digest of [A, C]) world.verdicts.set(digest, VERIFIED);
    const dry = ['rollout', 'start', IMAGE, '--reason', 'x', '--dry-run'];
    expect((await run(world, dry)).out).toContain('Would touch');
    expect(await world.recorded()).toEqual(rollout());
    await run(world, ['rollout', 'start', `${IMAGE}@${A}`, '--reason', 'x']);
    expect(await world.recorded()).toMatchObject({ digest: A, passedOver: C });
    await run(world, ['rollout', 'start', IMAGE, '--reason', 'x']);
    expect(await world.recorded()).toMatchObject({ digest: C, status: 'rolling' });
  });

  it('ignores the clusters that are named', async () => {
    const from = rollout({ status: 'halted', cause: 'failures' });
    const world = await createStagedApiWorld({ rollouts: [from] });
    const ignore = ['--ignore', 'cluster-1', '--ignore', 'cluster-2'];
    await run(world, ['rollout', 'resume', ID, '--reason', 'x', ...ignore]);
    expect((await world.recorded())?.ignored).toEqual(['cluster-1', 'cluster-2']);
  });

  it('says who would be touched, and changes nothing', async () => {
    const from = rollout({ stage: 'early', cursor: { cluster: 'cluster-2' } });
    const world = await createStagedApiWorld({
      rollouts: [from],
      rows: { 'cluster-1': [moved()] },
    });
    const args = ['rollout', 'pause', ID, '--reason', 'INC-7', '--dry-run'];
    expect(await run(world, args)).toEqual({
      code: 0,
      out: [
        'CLUSTER    RSYNC               BEFORE               AFTER    WHY',
        'cluster-2  RootSync/root-sync  sha256:bbbbbbbbbbbb  nothing  paused',
        'Would touch 1 RSync on 1 cluster',
        'Paused by local (INC-7): nothing is newly approved; 1 of 4 live',
        '',
      ].join('\n'),
      err: '',
    });
    expect(await world.recorded()).toEqual(from);
    expect(world.events).toEqual([]);
  });

  it.each<[string[], string, number?]>([
    [['rollout', 'pause', ID], '--reason'],
    [['rollout', 'pause', '--reason', 'x'], 'id'],
    [['rollout', 'pause', ID, '--reason', 'x', '--if-version', '0'], 'if-version'],
    [['rollout', 'pause', ID, '--reason', 'x', '--if-version', '6'], 'rollout-changed', 1],
    [['rollout', 'resume', ID, '--reason', 'x'], 'rollout-not-now', 1],
    [['rollout', 'resume', ID, '--reason', 'x', '--ignore', 'nobody'], 'cluster-not-found'],
    [['rollout', 'pause', ID, '--reason', 'x', '--ignore', 'cluster-1'], '--ignore'],
    [['rollout', 'abort', 'nothing', '--reason', 'x'], 'not-found'],
    [['rollout', 'explode', ID], 'explode'],
    [['rollout', 'promote', ID, '--reason', 'x'], 'needs either stage or all'],
    [
      ['rollout', 'promote', ID, '--reason', 'x', '--all', '--stage', 'rest'],
      'cannot be used with',
    ],
    [['rollout', 'start', '--reason', 'x'], 'image'],
    [['rollout', 'start', OTHER, '--reason', 'x'], 'not-found'],
    [['rollout', 'approve', ID, '--reason', 'x'], '--stage'],
    [['rollout', 'rollback', ID, '--reason', 'x', '--to', 'v1'], 'bad-request'],
    [['rollout'], 'Usage'],
  ])('does nothing for %j', async (args, said, expected = 2) => {
    const world = await createStagedApiWorld();
    const { code, err } = await run(world, args);
    expect(code).toBe(expected);
    expect(err).toContain(said);
    expect(await world.recorded()).toEqual(rollout());
  });
});

describe('countersign wait --stage', () => {
  const NEXT = { digest: B, resolvedAt: before(0), id: 'r8', by: 'push' };

  async function wait(
    from: Partial<RolloutRecord>,
    then: (world: StagedApiWorld, round: number) => Promise<void> | void = () => undefined,
    args: readonly string[] = ['--stage', 'canary'],
  ): Promise<Run> {
    const world = await createStagedApiWorld({ rollouts: [rollout(from)] });
    world.tags.set(IMAGE, B);
    world.verdicts.set(B, VERIFIED);
    const meanwhile = (round: number) => then(world, round);
    return run(world, ['wait', `${IMAGE}@${B}`, '--timeout', '30s', ...args], { meanwhile });
  }

  it('ends with 0 once the stage is passed', async () => {
    const { code, out, err } = await wait({}, async (world, round) => {
      if (round === 2) await world.put(rollout({ version: 8, stage: 'early' }));
    });
    expect({ code, out }).toEqual({ code: 0, out: 'Stage canary passed\n' });
    expect(err.split('\n')).toEqual([
      'canary: 0 of 1 live, 1 under way; then soaks 1 h, then stage early',
      'early: 0 of 2 live, 2 under way; then 1 approval by lead@acme.example, then stage rest',
      '',
    ]);
  });

  it.each<[string, Partial<RolloutRecord>, string]>([
    ['a later stage is open', { stage: 'rest' }, 'early'],
    ['a later stage is halted', { stage: 'rest', status: 'halted' }, 'early'],
    ['it is completed', { stage: 'rest', status: 'completed' }, 'rest'],
    ['it is paused since', { stage: 'rest', status: 'paused', before: 'completed' }, 'rest'],
    ['a newer one has begun since', { digest: C, previous: B }, 'rest'],
  ])('ends with 0 where %s', async (_, from, stage) => {
    expect((await wait(from, undefined, ['--stage', stage])).code).toBe(0);
  });

  it.each<[string, Partial<RolloutRecord>, string?]>([
    ['it is halted', { status: 'halted', cause: 'failures' }],
    ['it was aborted', { status: 'aborted', cause: 'person' }],
    ['it goes back', { kind: 'rollback', digest: A, rejected: [B], status: 'rolling-back' }],
    ['it was rolled back before', { digest: C, rejected: [B], previous: A }],
    ['its own stage is halted', { stage: 'early', status: 'halted' }, 'early'],
    ['its strategy was taken away', { status: 'retired' }],
  ])('ends with 1 where %s, and says why', async (_, from, stage = 'canary') => {
    const { code, out } = await wait(from, undefined, ['--stage', stage]);
    expect(code).toBe(1);
    expect(out).toContain(`${ID}: `);
    expect(out).toContain(`Stage ${stage} failed\n`);
  });

  it('ends with 1 when a newer digest takes its place', async () => {
    const { code } = await wait({}, async (world) => {
      await world.put(rollout({ version: 8, id: 'newer', digest: C }));
    });
    expect(code).toBe(1);
  });

  it.each<[string, Partial<RolloutRecord>]>([
    ['it is paused', { status: 'paused', cause: 'person' }],
    ['it waits for another one', { digest: C, previous: A, next: NEXT }],
    ['it waits for an approval', { status: 'awaiting-approval', cause: 'approval' }],
  ])('ends with 3 where %s', async (_, from) => {
    const { code, out } = await wait(from);
    expect(code).toBe(3);
    expect(out).toContain('Stage canary not passed in time\n');
  });

  it('waits for a roll-out that has yet to begin, for as long as the grace', async () => {
    const other = { digest: C, previous: A };
    const begun = await wait(other, async (world, round) => {
      if (round !== 3) return;
      await world.put(rollout({ version: 8, id: 'mine', stage: 'early' }));
    });
    expect(begun.code).toBe(0);
    const never = await wait(other, undefined, ['--stage', 'canary', '--grace', '5s']);
    expect(never).toMatchObject({
      code: 1,
      out: 'Stage canary not passed: this digest is not rolled out\n',
    });
    expect(never.err).toBe('This digest is not rolled out yet\n');
  });

  it('waits for a service that does not answer for a while', async () => {
    const world = await createStagedApiWorld({ rollouts: [rollout({ stage: 'early' })] });
    world.tags.set(IMAGE, B);
    const { store } = world.deps;
    const listClusters = store.listClusters.bind(store);
    let failures = 3;
    store.listClusters = async (some) => {
      failures -= 1;
      if (failures >= 0) throw new CountersignError('store-unavailable', 'Store is down');
      return listClusters(some);
    };
    const { code, err } = await run(world, ['wait', `${IMAGE}@${B}`, '--stage', 'canary']);
    expect(code).toBe(0);
    expect(err).toContain('The service does not answer: Store is down');
  });

  it('gives its result as JSON', async () => {
    const { out } = await wait({ stage: 'early' }, undefined, ['--stage', 'canary', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      code: 0,
      stage: 'canary',
      rollouts: [{ id: ID, standing: 'passed' }],
    });
  });

  it.each([
    [['--stage', 'nothing'], 'it has canary, early, rest'],
    [['--stage', 'canary', '--cluster', 'cluster-1'], 'cannot be used with'],
  ])('exits with 2 for %j', async (args, said) => {
    const { code, err } = await wait({}, undefined, args);
    expect(code).toBe(2);
    expect(err).toContain(said);
  });
});
