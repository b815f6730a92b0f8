import { defined } from '#shared/core/defined.ts';
import { CLUSTER_PHASES } from '#shared/core/phase.ts';
import type { FleetQuery } from '../../fleet/operation.ts';
import type { ClusterAnswer } from '../../fleet/present.ts';
import type { PresentRow } from '#shared/overview/present-row.ts';
import { badnessOf } from '../words.ts';

/** One line of the list: an RSync, or a cluster of which nothing can be said but that. */
export interface Line {
  readonly cluster: string;
  readonly sync?: string;
  readonly phase: string;
  readonly since?: string;
  readonly message: string;
  readonly image?: string;
  readonly live?: string;
  readonly target?: string;
  readonly error?: string;
  readonly glass: boolean;
}

/** RSyncs and clusters in lines, the worst first; those that are alike in order of their clusters. */
export function linesOf(
  clusters: readonly ClusterAnswer[],
  { phase }: Pick<FleetQuery, 'phase'>,
): readonly Line[] {
  const ofCluster = CLUSTER_PHASES.some((name) => name === phase);
  const lines = clusters.flatMap(({ view, rows }) => {
    const { cluster, message = '' } = view;
    const own: Line = defined({
      cluster,
      phase: view.phase,
      since: view.since,
      message,
      glass: false,
    });
    const syncs = ofCluster ? [] : rows.map((row) => lineOf(cluster, row));
    const isTold = view.phase !== 'Reachable' || syncs.length === 0;
    return isTold ? [own, ...syncs] : syncs;
  });
  return lines.toSorted(
    (a, b) => Number(b.glass) - Number(a.glass) || badnessOf(a.phase) - badnessOf(b.phase),
  );
}

function lineOf(cluster: string, row: PresentRow): Line {
  const { sync, present, image, live, target, errors, breakGlass } = row;
  const [error] = errors;
  const [line = ''] = error?.message.split('\n', 1) ?? [];
  return defined({
    cluster,
    sync,
    phase: present.phase,
    since: present.since,
    message: present.message,
    image,
    live,
    target,
    error: error === undefined ? undefined : `${error.code}: ${line}`,
    glass: breakGlass !== undefined,
  });
}
