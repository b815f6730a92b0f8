import { describe, expect, it } from 'vitest';
import { formatNomos } from '#functions/api/fleet/nomos-text.ts';
import { NO_TROUBLES, type PresentRow, presentRow } from '#shared/overview/present-row.ts';
import type { ClusterView } from '#functions/api/fleet/operation.ts';
import type { Shown, SyncRow } from '#shared/store/store.ts';

const HEX = 'a'.repeat(64);
const IMAGE = 'us-docker.pkg.dev/acme/configs/platform:v1';
const SINCE = '2026-11-22T05:00:00.000Z';

function row(nomos: string, shown: Partial<Shown>, overrides: Partial<SyncRow> = {}): SyncRow {
  return {
    sync: 'RootSync/root-sync',
    uid: 'uid-1',
    approved: [`sha256:${HEX}`],
    record: { phase: 'Synced', since: SINCE },
    message: 'Live',
    errors: [],
    nomos,
    shown: { source: IMAGE, commit: HEX, errors: [], errorCount: 0, ...shown },
    ...overrides,
  };
}

const view = (phase: ClusterView['phase'], message = ''): ClusterView => ({
  cluster: 'cluster-1',
  phase,
  message,
});

/** As they stand now, of a cluster in reach. */
function presentOf(rows: readonly SyncRow[]): readonly PresentRow[] {
  return rows.map((one) => presentRow(one, { phase: 'Reachable' }, NO_TROUBLES));
}

/** nomos' own lines: without ours, which begin with these words. */
function nomosLines(rows: readonly SyncRow[], cluster = view('Reachable')): string[] {
  const lines = formatNomos([{ view: cluster, rows: presentOf(rows) }]).split('\n');
  expect(lines.splice(0, 2)).toEqual(['', 'cluster-1']);
  expect(lines.pop()).toBe('');
  return lines.filter((line) => !/^ {2}(?:Approved|Phase): /.test(line));
}

const LINE = '  --------------------';
const NAME = `  <root>:root-sync`;
const wide = (text: string, width: number) => text.padEnd(width + 3);

// Each as Go's text/tabwriter prints what cmd/nomos/status writes: padding 3, the last tabbed cell padded too.
describe('formatNomos()', () => {
  it.each<[string, SyncRow, string[]]>([
    [
      'SYNCED',
      row('SYNCED', { syncedAt: '2026-11-22T05:00:00Z' }),
      [
        LINE,
        wide(NAME, 40) + wide(IMAGE, 64),
        wide('  SYNCED @ 2026-11-22 05:00:00 +0000 UTC', 40) + wide(HEX, 64),
      ],
    ],
    [
      'PENDING',
      row('PENDING', {}),
      [LINE, wide(NAME, 18) + wide(IMAGE, 64), wide('  PENDING', 18) + wide(HEX, 64)],
    ],
    [
      'PENDING, with errors',
      row('PENDING', { errors: ['KNV2002: denied'], errorCount: 1 }),
      [
        LINE,
        wide(NAME, 18) + wide(IMAGE, 64),
        wide('  PENDING', 18) + wide(HEX, 64),
        '  TotalErrorCount: 1',
        '  Error:   KNV2002: denied   ',
      ],
    ],
    [
      'ERROR',
      row('ERROR', { errors: ['KNV2004: first', 'KNV2009: the second'], errorCount: 7 }),
      [
        LINE,
        wide(NAME, 18) + wide(IMAGE, 64),
        wide('  ERROR', 18) + wide(HEX, 64),
        '  TotalErrorCount: 7',
        '  Error:   KNV2004: first        ',
        '  Error:   KNV2009: the second   ',
      ],
    ],
    [
      'ERROR that Config Sync cut',
      row('ERROR', { errors: ['KNV2009: the first'], errorCount: 250, truncatedTo: 100 }),
      [
        LINE,
        wide(NAME, 18) + wide(IMAGE, 64),
        wide('  ERROR', 18) + wide(HEX, 64),
        '  TotalErrorCount: 250, ErrorTruncated: true, ErrorCountAfterTruncation: 100',
        '  Error:   KNV2009: the first   ',
      ],
    ],
    [
      'SYNCED at no known time',
      row('SYNCED', {}),
      [
        LINE,
        wide(NAME, 40) + wide(IMAGE, 64),
        wide('  SYNCED @ 0001-01-01 00:00:00 +0000 UTC', 40) + wide(HEX, 64),
      ],
    ],
    [
      'SYNCED in another zone',
      row('SYNCED', { syncedAt: '2026-11-22T06:00:00+01:00' }),
      [
        LINE,
        wide(NAME, 40) + wide(IMAGE, 64),
        wide('  SYNCED @ 2026-11-22 05:00:00 +0000 UTC', 40) + wide(HEX, 64),
      ],
    ],
    [
      'ERROR with a tab',
      row('ERROR', { errors: ['a\tb'], errorCount: 1 }),
      [
        LINE,
        wide(NAME, 18) + wide(IMAGE, 64),
        wide('  ERROR', 18) + wide(HEX, 64),
        '  TotalErrorCount: 1',
        '  Error:   a   b   ',
      ],
    ],
    [
      'ERROR of several lines',
      row('ERROR', { errors: ['KNV2004: pull\n\nFor more information, see'], errorCount: 1 }),
      [
        LINE,
        wide(NAME, 18) + wide(IMAGE, 64),
        wide('  ERROR', 18) + wide(HEX, 64),
        '  TotalErrorCount: 1',
        '  Error:   KNV2004: pull',
        '',
        'For more information, see   ',
      ],
    ],
    [
      'STALLED',
      row('STALLED', { commit: 'N/A', errors: ['KNV1061: no auth'], errorCount: 1 }),
      [
        LINE,
        wide(NAME, 18) + wide(IMAGE, 42),
        wide('  STALLED', 18) + wide('N/A', 42),
        '  TotalErrorCount: 1',
        '  Error:   KNV1061: no auth   ',
      ],
    ],
    [
      'RECONCILING',
      row('RECONCILING', { commit: 'N/A' }),
      [LINE, wide(NAME, 18) + wide(IMAGE, 42), wide('  RECONCILING', 18) + wide('N/A', 42)],
    ],
  ])('prints %s as nomos does', (_, one, expected) => {
    expect(nomosLines([one])).toEqual(expected);
  });

  it.each<[ClusterView['phase'], string, string]>([
    ['Unreachable', 'timeout', '  N/A   Failed to connect to cluster'],
    [
      'NoConfigSync',
      'Config Sync is not installed',
      '  NOT INSTALLED   Config Sync is not installed',
    ],
    ['Forbidden', 'RBAC says no', '  ERROR   RBAC says no'],
    [
      'Reachable',
      '',
      '  UNKNOWN   Root repo error: No RootSync resources found, Namespace repo error: No RepoSync resources found',
    ],
  ])('prints a cluster that is %s', (phase, message, expected) => {
    expect(nomosLines([], view(phase, message))).toEqual([LINE, expected]);
  });

  it('adds what is approved and where it stands, without moving a column', () => {
    const waiting = row(
      'ERROR',
      { errors: ['x'], errorCount: 1 },
      {
        approved: [],
        record: { phase: 'Pending', since: SINCE },
        message: 'Waiting for a signature',
      },
    );
    const text = formatNomos([{ view: view('Reachable'), rows: presentOf([waiting]) }]);
    expect(text.split('\n').slice(-3)).toEqual([
      '  Approved: N/A',
      '  Phase: Pending, Waiting for a signature',
      '',
    ]);
  });

  it('goes by namespace, then by name, not by the text of both', () => {
    const syncs = ['RepoSync/a-b/x', 'RepoSync/a/y', 'RootSync/z', 'RepoSync/a/x', 'RootSync/b'];
    const lines = nomosLines(syncs.map((sync) => row('PENDING', {}, { sync })));
    const names = lines.flatMap((line) =>
      line.includes(IMAGE) ? [line.trim().split(' ')[0]] : [],
    );
    expect(names).toEqual(['<root>:b', '<root>:z', 'a:x', 'a:y', 'a-b:x']);
  });

  it('writes ours in one line each, whatever they hold', () => {
    const text = formatNomos([
      {
        view: view('Reachable'),
        rows: presentOf([
          row('SYNCED', {}, { approved: ['a\n  Phase: Synced'], message: 'x\n\ty' }),
        ]),
      },
    ]);
    expect(text.split('\n').slice(-3)).toEqual([
      '  Approved: a   Phase: Synced',
      '  Phase: Synced, x y',
      '',
    ]);
  });

  it('lists RootSyncs first, names namespaces, and aligns each RSync by itself', () => {
    const repo = row('PENDING', {}, { sync: 'RepoSync/team-a/repo-sync' });
    const lines = nomosLines([repo, row('PENDING', {})]);
    expect(lines.filter((line) => line.includes(IMAGE))).toEqual([
      wide(NAME, 18) + wide(IMAGE, 64),
      wide('  team-a:repo-sync', 18) + wide(IMAGE, 64),
    ]);
  });

  it.each([
    ['an escape sequence', '\u001b[2J'],
    ['a change of direction', '\u202e'],
    ['a bell', '\u0007'],
    ['a C1 control', '\u009b'],
  ])('leaves no byte that rules the terminal by %s', (_, bytes) => {
    const errors = [`a${bytes}b`];
    const text = formatNomos([
      {
        view: view('Unreachable', bytes),
        rows: presentOf([
          row('ERROR', { errors, errorCount: 1, source: bytes, commit: bytes }, { message: bytes }),
        ]),
      },
    ]);
    expect(text).not.toContain(bytes);
    expect(text).toContain('\ufffd');
  });

  it('shows a row of an older snapshot, which had less', () => {
    const { shown: _, ...old } = row('SYNCED', {}, { image: IMAGE });
    expect(nomosLines([old])[1]).toContain(IMAGE);
  });
});
