import { describe, expect, it } from 'vitest';
import type { Config } from '#shared/config/config.ts';
import { rolloutNotes } from '#shared/config/rollout-notes.ts';
import { createStrategies } from '#shared/config/strategies.ts';
import type { Strategy } from '#shared/core/rollout/strategy.ts';
import { stageOf } from '#shared/core/rollout/strategy.ts';
import { isFrozen, isInWindow } from '#shared/core/rollout/windows.ts';
import { edit, fullText, localText, parse, problemsOf, rolloutsText } from './fixture.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function strategyOf(config: Config, index: number): Strategy {
  const [rule] = config.images.slice(index);
  const strategy = rule && createStrategies(config).of(rule);
  if (strategy === undefined) throw new Error('The entry has no strategy');
  return strategy;
}

describe('parseConfig() of roll-outs', () => {
  it('reads strategies with their units', async () => {
    const { rollouts, records } = await parse(rolloutsText);
    expect(rollouts.strategies['fleet']).toEqual({
      stages: [
        {
          name: 'canary',
          clusters: 'ring = canary',
          maxConcurrency: { percent: 100 },
          maxFailures: { clusters: 0 },
          maxUnreachable: { percent: 10 },
          soakMs: HOUR,
          ifEmpty: 'wait',
        },
        {
          name: 'early',
          clusters: 'env = prod, region = europe-west1',
          orderBy: 'acme.example/ring-order',
          maxConcurrency: { percent: 12.5 },
          maxFailures: { percent: 5 },
          maxUnreachable: { clusters: 2 },
          soakMs: 720 * HOUR,
          approval: {
            approvers: ['lead@acme.example', 'robot@p.iam.gserviceaccount.com'],
            count: 2,
            notBy: 'starter',
          },
          checks: expect.any(Array),
          ifEmpty: 'skip',
        },
        {
          name: 'rest',
          maxConcurrency: { clusters: 300 },
          maxFailures: { clusters: 0 },
          maxUnreachable: { percent: 10 },
          soakMs: 0,
          signedBy: 'qa',
          windows: 'office',
          ifEmpty: 'skip',
        },
      ],
      progressDeadlineMs: 20 * MINUTE,
      onFailure: 'rollback',
      onNewer: 'queue',
      newClusters: 'newest',
    });
    expect(rollouts.windows['office']?.weekly).toEqual([
      { days: ['mon', 'tue'], from: 540, to: 990 },
      { days: ['sat'], from: 1320, to: 1440 },
    ]);
    expect(records).toEqual({ type: 'firestore', project: 'p', database: 'countersign-records' });
  });

  it('has nothing of it in a file that does not name it', async () => {
    const { rollouts, records, images } = await parse(fullText);
    expect(rollouts).toEqual({ clustersAtOnce: 300, strategies: {}, windows: {}, freezes: [] });
    expect(records).toBeUndefined();
    expect(images.some(({ rollout }) => rollout !== undefined)).toBe(false);
  });

  it('resolves the file of records against the config, and refuses that of the store', async () => {
    const { records } = await parse(`${localText}records: { sqlite: { path: records.sqlite } }\n`);
    expect(records).toMatchObject({ type: 'sqlite', path: expect.stringMatching(/^\/.*records/) });
    const store = /sqlite: \{ path: (\S+) \}/.exec(localText)?.[1] ?? '';
    const problems = await problemsOf(`${localText}records: { sqlite: { path: ${store} } }\n`);
    expect(problems.map(({ path, kind }) => [path, kind])).toEqual([['records', 'conflict']]);
  });

  it('takes the approvers of the API where a stage names none', async () => {
    const silent = edit(
      rolloutsText,
      'approvers: [lead@acme.example, robot@p.iam.gserviceaccount.com], count: 2',
      'count: 2',
    );
    const { stages } = strategyOf(await parse(silent), 0);
    expect(stages[1]?.approval?.approvers).toEqual([
      'lead@acme.example',
      'robot@p.iam.gserviceaccount.com',
    ]);
    const none = silent.replace(/\n {4}approvers: .*/, '');
    const found = (await problemsOf(none)).map(({ path, kind }) => [path, kind]);
    expect(found).toEqual([['rollouts.strategies.fleet.stages[1].approval', 'conflict']]);
  });
});

describe('createStrategies()', () => {
  it('places clusters, opens windows and freezes by the wall clock', async () => {
    const strategy = strategyOf(await parse(rolloutsText), 0);
    const place = (labels: Record<string, string>): string => stageOf(strategy, labels).stage.name;
    expect(place({ ring: 'canary', env: 'prod', region: 'europe-west1' })).toBe('canary');
    expect(place({ env: 'prod', region: 'europe-west1' })).toBe('early');
    expect(place({})).toBe('rest');
    const [window] = strategy.stages[2]?.windows ?? [];
    const [freeze] = strategy.freezes;
    if (window === undefined || freeze === undefined) throw new Error('They are configured');
    expect(isInWindow(window, new Date('2026-11-30T08:00:00Z'))).toBe(true);
    expect(isInWindow(window, new Date('2026-11-30T07:59:00Z'))).toBe(false);
    expect(isInWindow(window, new Date('2026-12-05T22:59:00Z'))).toBe(true);
    expect(isInWindow(window, new Date('2026-12-05T23:00:00Z'))).toBe(false);
    expect(isFrozen(freeze, new Date('2026-12-18T18:00:00Z'))).toBe(true);
    expect([freeze.selects({ env: 'prod' }), freeze.selects({})]).toEqual([true, false]);
  });

  it.each([
    [0, 'newest'],
    [1, 'wait'],
  ])('gives the strategy of entry %i what the effect needs: %s', async (index, newClusters) => {
    expect(strategyOf(await parse(rolloutsText), index).newClusters).toBe(newClusters);
  });

  it('gives new clusters the previous digest under pin, and none to an entry without a rollout', async () => {
    const config = await parse(
      edit(edit(rolloutsText, 'effect: gate, ', ''), ', rollback: pin', ''),
    );
    expect(strategyOf(config, 1)).toMatchObject({ newClusters: 'previous', clustersAtOnce: 100 });
    const {
      images: [rule],
    } = await parse(fullText);
    expect(rule && createStrategies(config).of(rule)).toBeUndefined();
  });
});

const IN_FREEZE = new Date('2026-12-20T12:00:00Z');

const SHUT = ['fleet.stages[0]', 'fleet.stages[1]', 'fleet.stages[2]', 'tags.stages[0]'].map(
  (place) => place.replaceAll(/[.[\]]/g, '\\$&'),
);

describe('rolloutNotes()', () => {
  it.each([
    ['a good file', rolloutsText, []],
    [
      'gate and a short soak',
      edit(rolloutsText, 'rollout: tags', 'rollout: fleet').replace(
        'onNewer: queue',
        'onNewer: replace',
      ),
      [/^images\[1\] with effect: gate .* 721 h:/, /tags is named by no entry/],
    ],
    [
      'a last stage with a selector',
      edit(rolloutsText, '{ name: all }', '{ name: all, clusters: a = b }'),
      [/tags\.stages\[0\] is the last one/],
    ],
    [
      'a stage whose clusters are all in an earlier one',
      edit(rolloutsText, 'clusters: env = prod, region', 'clusters: ring = canary, region'),
      [/fleet\.stages\[1\] has no cluster, .*fleet\.stages\[0\] selects all/],
    ],
    [
      'a freeze of the whole fleet to a year written wrong',
      edit(rolloutsText, '"2027-01-04 08:00", clusters: env = prod }', '"9999-01-04 08:00" }'),
      SHUT.map((place) => new RegExp(`${place} starts nothing ever, .* year-end`)),
    ],
    [
      'a freeze of some clusters, in the stage that has no others',
      edit(rolloutsText, '2027-01-04', '2027-03-01'),
      [/fleet\.stages\[1\] starts nothing before mon 2027-03-01 08:00 UTC/],
    ],
  ])('of %s', async (_, text, expected) => {
    const notes = rolloutNotes(await parse(text), IN_FREEZE);
    expect(notes).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
  });

  it('has no note of an hour of soak under gate', async () => {
    const short = edit(
      rolloutsText,
      '[{ name: all }]',
      '[{ name: some, clusters: a = b, soak: 1h }, { name: all }]',
    );
    expect(rolloutNotes(await parse(short), IN_FREEZE)).toEqual([]);
  });
});
