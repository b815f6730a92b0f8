import type { Decided } from '../api/schema.ts';
import { clusterOf } from '../output/names.ts';
import { sayText } from '../output/say-text.ts';
import { type Column, drawTable } from '../output/table.ts';
import type { View } from '../output/view.ts';
import { count } from '../terminal.ts';

type Touched = NonNullable<Decided['touched']>['list'][number];

/** What was decided on a roll-out, or what a decision would touch; and the command that is left to a person. */
export function viewDecision(decided: Decided): View {
  const { rollout, touched, message, needsTag } = decided;
  const { id, status, version } = rollout;
  const byHand = needsTag === undefined ? [] : [`Move the tag as well: ${needsTag.command}`];
  return {
    value: decided,
    names: () => [id],
    lines(paper) {
      if (touched === undefined) return [`${id} is ${status}, version ${version}`, ...byHand];
      return [
        ...drawTable(touched.list, COLUMNS, paper),
        `Would touch ${count(touched.syncs, 'RSync')} on ${count(touched.clusters, 'cluster')}`,
        ...(message === undefined ? [] : [sayText(message, paper)]),
        ...byHand,
      ];
    },
  };
}

const COLUMNS: readonly Column<Touched>[] = [
  { title: 'CLUSTER', of: clusterOf },
  { title: 'RSYNC', of: ({ sync }) => sync },
  { title: 'BEFORE', of: ({ before = 'nothing' }, paper) => sayText(before, paper) },
  { title: 'AFTER', of: ({ after = 'nothing' }, paper) => sayText(after, paper) },
  { title: 'WHY', of: ({ why = '' }, paper) => sayText(why, paper), cut: 'end' },
];
