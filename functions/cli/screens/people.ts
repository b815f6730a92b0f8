import type { Freeze, HoldPage } from '../api/schema.ts';
import type { Line } from '../output/line.ts';
import { clusterOf } from '../output/names.ts';
import { type Column, drawTable } from '../output/table.ts';
import { sayAge, sayAgo, sayDate } from '../output/times.ts';
import type { View } from '../output/view.ts';

/** What people have frozen, oldest first. */
export function viewFreezes(found: { readonly freezes: readonly Freeze[] }): View {
  const { freezes } = found;
  return {
    value: found,
    names: () => freezes.map(({ id }) => id),
    lines: (paper) =>
      freezes.length === 0 ? ['Nothing is frozen'] : drawTable(freezes, FREEZE_COLUMNS, paper),
  };
}

const FREEZE_COLUMNS: readonly Column<Freeze>[] = [
  { title: 'ID', of: ({ id }) => id },
  { title: 'IMAGE', of: ({ image = 'all' }) => image, cut: 'start' },
  { title: 'CLUSTERS', of: ({ clusters = 'all' }) => clusters, cut: 'end' },
  { title: 'AGE', of: ({ since }, { now }) => sayAge(since, now) },
  { title: 'ENDS', of: endOf },
  { title: 'BY', of: ({ by }) => by, cut: 'end' },
  { title: 'REASON', of: ({ reason }) => reason, cut: 'end' },
];

function endOf(
  { until }: { until?: string | undefined },
  { now, wide }: { now: Date; wide: boolean },
): string {
  if (until === undefined) return 'when lifted';
  return wide ? sayDate(until) : sayAgo(until, now);
}

type Hold = HoldPage['holds'][number];

/** What is held, in order of cluster and RSync. */
export function viewHolds(found: Pick<HoldPage, 'holds' | 'unread'>): View {
  const { holds, unread = [] } = found;
  return {
    value: found,
    names: () => holds.map(({ cluster, sync }) => `${cluster} ${sync}`),
    lines: (paper) => [
      ...(holds.length > 0 ? drawTable(holds, HOLD_COLUMNS, paper) : []),
      ...(holds.length + unread.length === 0 ? ['Nothing is held'] : []),
      ...unread.map((cluster): Line => {
        const text = `The ordered holds of ${cluster} cannot be read: nothing new reaches it until their record is repaired or removed`;
        return [{ text, tone: 'bad' }];
      }),
    ],
  };
}

const HOLD_COLUMNS: readonly Column<Hold>[] = [
  { title: 'CLUSTER', of: clusterOf },
  { title: 'RSYNC', of: ({ sync }) => sync },
  {
    title: 'STATE',
    of: ({ state, isOver }) => (isOver ? `${state}, over` : state),
    tone: ({ isOver }) => (isOver ? 'wait' : undefined),
  },
  { title: 'AGE', of: ({ since }, { now }) => (since === undefined ? '' : sayAge(since, now)) },
  { title: 'ENDS', of: ({ until }, paper) => endOf({ until }, paper) },
  { title: 'BY', of: ({ by = '' }) => by, cut: 'end' },
  { title: 'IMAGE', wide: true, of: ({ image = '' }) => image },
  { title: 'REASON', of: ({ reason, text }) => reason ?? text, cut: 'end' },
];
