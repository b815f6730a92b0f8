import { WELL, isUnwell } from '#shared/overview/well.ts';
import type { Cluster, Sync } from '../api/schema.ts';
import type { Line } from '../output/line.ts';
import { clusterOf } from '../output/names.ts';
import type { Paper } from '../output/paper.ts';
import { sayText } from '../output/say-text.ts';
import { type Column, drawTable } from '../output/table.ts';
import { sayAge, sayWhen } from '../output/times.ts';
import { toneOf } from '../output/tones.ts';
import { padTo } from '../output/width.ts';
import { count } from '../terminal.ts';
import { INDENT } from './needs.ts';

export interface Fleet {
  readonly clusters: readonly Cluster[];
  readonly syncs: readonly Sync[];
}

/** Phases in which something is on its way: nothing is wrong. */
const UNDER_WAY = ['Approved', 'Waiting'];

/** Whether nothing in it is wrong. One under break-glass is never well. */
export function isWell({ clusters, syncs }: Fleet): boolean {
  return !syncs.some(isUnwell) && clusters.every(({ phase }) => WELL.has(phase));
}

/** RSyncs one by one, worst first, below the clusters that cannot be read. */
export function drawFleet({ clusters, syncs }: Fleet, paper: Paper): readonly Line[] {
  const away = clusters.filter(({ phase }) => !WELL.has(phase));
  const rows = syncs.toSorted((a, b) => rankOf(a) - rankOf(b));
  return [
    ...(away.length === 0 ? [] : ['', ...drawTable(away, CLUSTER_COLUMNS, paper)]),
    ...(rows.length === 0 ? [] : ['', ...drawTable(rows, COLUMNS, paper)]),
  ];
}

/** Whether something of it is wrong, or on its way, in a line. */
export function sayFleet({ clusters, syncs }: Fleet): Line {
  const away = clusters.filter(({ phase }) => !WELL.has(phase)).length;
  if (clusters.length + syncs.length === 0) return 'Nothing of the fleet is like that';
  const size = `${count(syncs.length, 'RSync')} on ${count(clusters.length, 'cluster')}`;
  const unwell = syncs.filter(isUnwell).length;
  if (unwell + away === 0) return sayNothingWrong(size, syncs);
  const parts = [
    ...(unwell === 0 ? [] : [`${unwell} of ${size}`]),
    ...(away === 0 ? [] : [`${away} of ${count(clusters.length, 'cluster')} cannot be read`]),
  ];
  return [{ text: `${padTo('NOT WELL', INDENT)}${parts.join(', ')}`, tone: 'bad' }];
}

function sayNothingWrong(size: string, syncs: readonly Sync[]): Line {
  const underWay = UNDER_WAY.flatMap((phase) => {
    const { length } = syncs.filter((sync) => sync.phase === phase);
    return length === 0 ? [] : [`, ${length} ${phase}`];
  });
  if (underWay.length === 0)
    return [{ text: `${padTo('WELL', INDENT)}${size}: all is well`, tone: 'ok' }];
  const text = `${padTo('WAITING', INDENT)}${size}: nothing is wrong${underWay.join('')}`;
  return [{ text, tone: 'wait' }];
}

/** Worst first; a phase of a newer service comes before those that are well. */
const ORDER = [
  'Unguarded',
  'Rejected',
  'Refused',
  'Failed',
  'Blocked',
  'Stalled',
  'Unknown',
  'Pending',
  'Approved',
];
const WELL_ORDER = ['Waiting', 'Synced', 'Ignored'];

function rankOf({ phase, breakGlass }: Sync): number {
  if (breakGlass !== undefined) return -1;
  const at = ORDER.indexOf(phase);
  const well = WELL_ORDER.indexOf(phase);
  if (at >= 0) return at;
  return well >= 0 ? ORDER.length + 1 + well : ORDER.length;
}

const CLUSTER_COLUMNS: readonly Column<Cluster>[] = [
  { title: 'CLUSTER', of: clusterOf },
  { title: 'PHASE', of: ({ phase }) => phase, tone: ({ phase }) => toneOf(phase) },
  { title: 'AGE', of: ({ since }, { now }) => (since === undefined ? '' : sayAge(since, now)) },
  {
    title: 'WHY',
    of: ({ message = '' }, paper) => sayText(message, paper),
    cut: 'end',
    below: 100,
  },
];

const COLUMNS: readonly Column<Sync>[] = [
  { title: 'CLUSTER', of: clusterOf },
  { title: 'RSYNC', of: ({ sync }) => sync },
  { title: 'PHASE', of: ({ phase }) => phase, tone: (one) => toneOf(one.phase) },
  { title: 'AGE', of: ({ since }, { now }) => (since === undefined ? '' : sayAge(since, now)) },
  {
    title: 'DIGEST',
    of: ({ digest, liveDigest = '' }, paper) => sayText(digest ?? liveDigest, paper),
    from: 100,
  },
  { title: 'IMAGE', wide: true, of: ({ image = '' }) => image },
  {
    title: 'VERDICT',
    wide: true,
    of: ({ verdict = '' }) => verdict,
    tone: ({ verdict = '' }) => toneOf(verdict),
  },
  { title: 'LIVE', wide: true, of: ({ liveDigest = '' }) => liveDigest },
  {
    title: 'READ',
    wide: true,
    of: ({ readAt }, { now }) => (readAt === undefined ? 'never' : sayWhen(readAt, now)),
  },
  { title: 'WHY', of: whyOf, cut: 'end', below: 120 },
];

/** Most of Config Sync's messages begin with their code. */
function sayError({ code, message }: Sync['errors'][number]): string {
  return message.startsWith(`KNV${code}`) ? message : `${code}: ${message}`;
}

function whyOf({ phase, message, errors: [error], breakGlass }: Sync, paper: Paper): string {
  const glass = breakGlass === undefined ? [] : [`Break-glass: ${breakGlass}`];
  const why = error === undefined ? message : sayError(error);
  const parts = phase === 'Synced' ? glass : [...glass, why];
  return sayText(parts.join('; '), paper);
}
