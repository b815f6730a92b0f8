import { describe, expect, it } from 'vitest';
import { MAX_CAUSES, MAX_TALLIED_IMAGES, TallyFields } from '#shared/store/tally-note.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { SINCE, cluster, liveRow, rowIn, tallyOf, trouble } from '#test/fixtures/tally.ts';

const many = (count: number): string[] => Array.from({ length: count }, (_, at) => `c${at}`);

describe('createTally()', () => {
  it('counts clusters, RSyncs and phases, and says since when nothing has changed', () => {
    const later = '2026-11-22T05:30:00.000Z';
    const tally = tallyOf([
      cluster('a'),
      cluster('b', [rowIn('Failed', { record: { phase: 'Failed', since: later } }), liveRow()]),
    ]);
    expect(tally).toMatchObject({
      clusters: 2,
      syncs: 3,
      unwell: 1,
      phases: { Reachable: 2, Synced: 2, Failed: 1 },
      changedAt: later,
      readAt: SINCE,
    });
  });

  it('groups by cause and not by cluster, with what runs meanwhile', () => {
    const bad = rowIn('Rejected', { target: B, verdict: 'untrusted', reasons: ['wrong-key'] });
    const { causes } = tallyOf(many(37).map((name) => cluster(name, [bad])));
    expect(causes).toEqual([
      {
        kind: 'untrusted',
        image: IMAGE,
        phase: 'Rejected',
        reason: 'wrong-key',
        detail: 'Is Rejected',
        clusters: 37,
        syncs: 37,
        running: A,
        since: SINCE,
        examples: ['c0', 'c1', 'c2'].map((name) => ({ cluster: name, sync: bad.sync })),
      },
    ]);
  });

  it('puts what runs unapproved and broken glass before everything else, whatever their number', () => {
    const { causes } = tallyOf([
      ...many(50).map((name) => cluster(name, [rowIn('Failed')])),
      cluster('x', [rowIn('Unguarded'), liveRow({ sync: 'RootSync/b', breakGlass: `${B} INC-7` })]),
    ]);
    expect(causes.map(({ kind }) => kind)).toEqual(['unguarded', 'break-glass', 'failed']);
  });

  it('counts what is under break-glass as not well, live as it is', () => {
    const { unwell, images } = tallyOf([cluster('a', [liveRow({ breakGlass: `${B} INC-7` })])]);
    expect([unwell, images.map((image) => image.unwell)]).toEqual([1, [1]]);
  });

  it('takes clusters that are out of reach for one cause, though each names itself', () => {
    const down = many(3).map((name) =>
      cluster(name, [liveRow()], { phase: 'Unreachable', message: `${name} does not answer` }),
    );
    const { causes, phases } = tallyOf(down);
    expect(causes).toMatchObject([
      { kind: 'unreachable', clusters: 3, syncs: 3, detail: '… does not answer' },
    ]);
    expect(phases).toEqual({ Unreachable: 3, Unknown: 3 });
  });

  it.each([
    ['Rejected', { verdict: 'verified' }, 'unapproved'],
    ['Rejected', { verdict: 'unusable' }, 'unusable'],
    ['Pending', { verdict: 'unsigned' }, 'unsigned'],
    ['Pending', { verdict: 'incomplete' }, 'incomplete'],
    ['Refused', {}, 'refused'],
    ['Blocked', {}, 'blocked'],
    ['Stalled', {}, 'stalled'],
    ['Synced', {}, undefined],
    ['Waiting', {}, undefined],
    ['Approved', {}, undefined],
  ] as const)('takes %s with %j for %s', (phase, changes, kind) => {
    const { causes } = tallyOf([cluster('a', [rowIn(phase, changes)])]);
    expect(causes.map((cause) => cause.kind)).toEqual(kind === undefined ? [] : [kind]);
  });

  it('reports what could not be looked at three times in a row', () => {
    const at = { since: SINCE, code: 'registry-unavailable', dueAt: SINCE };
    const rows = [1, 3].map((attempts) =>
      liveRow({ sync: `RootSync/s${attempts}`, unsettled: { ...at, attempts } }),
    );
    expect(tallyOf([cluster('a', rows)]).causes).toMatchObject([
      { kind: 'unsettled', syncs: 1, reason: 'registry-unavailable' },
    ]);
  });

  it('sees verdicts that were published since the last looks', () => {
    const { causes, phases, images } = tallyOf([cluster('a')], { troubles: trouble('untrusted') });
    expect(causes).toMatchObject([{ kind: 'untrusted', syncs: 1, running: A }]);
    expect(phases).toEqual({ Reachable: 1, Rejected: 1 });
    expect(images).toMatchObject([{ image: IMAGE, verdict: 'untrusted' }]);
  });

  it('divides an image by stages, and the fleet by labels that have few values', () => {
    const staged = { image: IMAGE, stage: 'early' };
    const labels = Object.fromEntries(
      many(20).map((name, at) => [name, { env: at < 5 ? 'prod' : 'test', name }]),
    );
    const tally = tallyOf(
      many(20).map((name) => cluster(name, [liveRow({ staged })])),
      { labels },
    );
    expect(tally.images).toMatchObject([
      { image: IMAGE, syncs: 20, stages: [{ stage: 'early', phases: { Synced: 20 } }] },
    ]);
    expect(tally.labels).toEqual([
      {
        key: 'env',
        values: [
          { value: 'prod', clusters: 5, phases: { Synced: 5 } },
          { value: 'test', clusters: 15, phases: { Synced: 15 } },
        ],
      },
    ]);
  });

  it('is bounded whatever tenants own, and leaves the worst in', () => {
    const rows = many(6_000).map((name, at) =>
      rowIn('Failed', { image: `host/team/${name}:v1`, sync: `RepoSync/t${at}/r` }),
    );
    const tally = tallyOf([
      cluster('a', rows),
      cluster('b', [rowIn('Unguarded', { image: 'host/late:v1' })]),
    ]);
    expect(TallyFields.safeParse(tally).success).toBe(true);
    expect(tally.causes).toHaveLength(MAX_CAUSES);
    expect(tally.causes[0]?.kind).toBe('unguarded');
    expect(tally.images).toHaveLength(MAX_TALLIED_IMAGES);
    expect(tally.left.images).toBeGreaterThan(4_000);
    expect(tally.left.causes).toBeGreaterThan(1_000);
    expect(JSON.stringify(tally).length).toBeLessThan(300_000);
  });

  it('cuts and cleans what tenants wrote', () => {
    const errors = [{ code: '1021', message: `\u001B[31m${'x'.repeat(5_000)}\nmore` }];
    const [cause] = tallyOf([cluster('a', [rowIn('Failed', { errors })])]).causes;
    expect(cause?.reason).toBe('1021');
    expect(cause?.detail).toHaveLength(200);
    expect(cause?.detail).not.toContain('\u001B');
  });
});
