import { defined } from '#shared/core/defined.ts';
import { CAUSES, MAX_CAUSES, MAX_EXAMPLES } from '#shared/store/tally-note.ts';
import type { Tally } from '#shared/store/store.ts';
import type { Cause } from './causes.ts';

type Grouped = Tally['causes'][number];

/** Causes that are counted apart; of more, the rest is one of its kind. Tenants own what makes causes differ. */
const MAX_APART = 2_000;
/** Digests of one cause that are counted apart. */
const MAX_RUNNING = 50;

interface Group {
  readonly cause: Cause;
  clusters: number;
  syncs: number;
  since: string;
  lastCluster: string;
  readonly running: Map<string, number>;
  readonly examples: { cluster: string; sync?: string }[];
}

/** Where a cause was found. */
interface Place {
  readonly cluster: string;
  /** Absent: it is the cluster's own. */
  readonly sync?: string;
  /** RSyncs that it is about. */
  readonly syncs: number;
  readonly running?: string | undefined;
}

/**
 * Groups causes as they are found, cluster by cluster: each in one place, however many RSyncs it has.
 *
 * @example
 * const groups = createGroups();
 * groups.add(cause, { cluster, sync, syncs: 1, running: row.live });
 * const { causes, left } = groups.done();
 */
export function createGroups(): {
  add(cause: Cause, place: Place): void;
  done(): { readonly causes: readonly Grouped[]; readonly left: number };
} {
  const groups = new Map<string, Group>();

  function groupOf(cause: Cause): Group {
    const { kind, image, reason, detail, phase, since } = cause;
    // Causes without an image are distinguished by what clusters say of themselves alone.
    const key = JSON.stringify([kind, image, reason, image === undefined ? detail : undefined]);
    const known = groups.get(key);
    if (known !== undefined) return known;
    const isFull = groups.size >= MAX_APART;
    const rest = groups.get(kind);
    if (isFull && rest !== undefined) return rest;
    const group: Group = {
      cause: isFull ? defined({ kind, phase, since }) : cause,
      clusters: 0,
      syncs: 0,
      since,
      lastCluster: '',
      running: new Map(),
      examples: [],
    };
    groups.set(isFull ? kind : key, group);
    return group;
  }

  return {
    add(cause, { cluster, sync, syncs, running }) {
      const group = groupOf(cause);
      // Clusters come one after another.
      if (group.lastCluster !== cluster) group.clusters += 1;
      group.lastCluster = cluster;
      group.syncs += syncs;
      if (cause.since < group.since) group.since = cause.since;
      if (
        running !== undefined &&
        (group.running.has(running) || group.running.size < MAX_RUNNING)
      ) {
        group.running.set(running, (group.running.get(running) ?? 0) + 1);
      }
      if (group.examples.length < MAX_EXAMPLES) group.examples.push(defined({ cluster, sync }));
    },
    done() {
      const all = [...groups.values()].map(finish).toSorted(worstFirst);
      return { causes: all.slice(0, MAX_CAUSES), left: Math.max(0, all.length - MAX_CAUSES) };
    },
  };
}

function finish({ cause, clusters, syncs, since, running, examples }: Group): Grouped {
  const [most] = [...running].toSorted(([, a], [, b]) => b - a);
  return defined({ ...cause, since, clusters, syncs, examples, running: most?.[0] });
}

/** By kind, then by how many it is about. */
function worstFirst(a: Grouped, b: Grouped): number {
  const kinds = CAUSES.indexOf(a.kind) - CAUSES.indexOf(b.kind);
  return kinds === 0 ? b.syncs + b.clusters - (a.syncs + a.clusters) : kinds;
}
