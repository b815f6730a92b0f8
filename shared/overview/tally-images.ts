import { defined } from '#shared/core/defined.ts';
import type { Tally } from '#shared/store/store.ts';
import { MAX_LIVE, MAX_TALLIED_IMAGES, MAX_TALLIED_STAGES } from '#shared/store/tally-note.ts';
import type { PresentRow, Troubles } from './present-row.ts';
import { isUnwell } from './well.ts';

type Image = Tally['images'][number];

/** Images that are counted apart; RSyncs of more are counted in the fleet alone. */
const MAX_APART = 5_000;
/** Digests that run, of one image. */
const MAX_LIVE_APART = 50;

interface Counted {
  digest: string | undefined;
  verdict: string | undefined;
  since: string;
  syncs: number;
  clusters: number;
  lastCluster: string;
  unwell: number;
  readonly phases: Record<string, number>;
  readonly stages: Map<string, Record<string, number>>;
  readonly live: Map<string, number>;
}

/**
 * Counts RSyncs by image, and by the stage that their last look found.
 *
 * @example
 * const images = createImageTally(troubles);
 * images.add(presentRow(row, record, troubles), record.cluster);
 */
export function createImageTally(troubles: Troubles): {
  add(row: PresentRow, cluster: string): void;
  done(): { readonly images: readonly Image[]; readonly left: number };
} {
  const known = new Map<string, Counted>();
  const left = new Set<string>();

  function countedOf(image: string): Counted | undefined {
    const found = known.get(image);
    if (found !== undefined) return found;
    if (known.size >= MAX_APART) {
      if (left.size < MAX_APART) left.add(image);
      return undefined;
    }
    const begun: Counted = {
      digest: undefined,
      verdict: undefined,
      since: '',
      syncs: 0,
      clusters: 0,
      lastCluster: '',
      unwell: 0,
      phases: {},
      stages: new Map(),
      live: new Map(),
    };
    known.set(image, begun);
    return begun;
  }

  return {
    add(row, cluster) {
      const { image, present, staged, target, record, live, breakGlass } = row;
      const counted = image === undefined ? undefined : countedOf(image);
      if (counted === undefined) return;
      const { phase, verdict } = present;
      counted.syncs += 1;
      if (counted.lastCluster !== cluster) counted.clusters += 1;
      counted.lastCluster = cluster;
      if (isUnwell({ phase, breakGlass })) counted.unwell += 1;
      counted.phases[phase] = (counted.phases[phase] ?? 0) + 1;
      if (record.since > counted.since) {
        counted.since = record.since;
        counted.digest = target;
        counted.verdict = verdict;
      }
      if (live !== undefined && (counted.live.has(live) || counted.live.size < MAX_LIVE_APART)) {
        counted.live.set(live, (counted.live.get(live) ?? 0) + 1);
      }
      if (staged === undefined) return;
      const stage = counted.stages.get(staged.stage) ?? {};
      stage[phase] = (stage[phase] ?? 0) + 1;
      if (counted.stages.size < MAX_TALLIED_STAGES) counted.stages.set(staged.stage, stage);
    },
    done() {
      const all = [...known]
        .toSorted(([, a], [, b]) => b.unwell - a.unwell || b.syncs - a.syncs)
        .map(([image, counted]) => viewOf(image, counted, troubles));
      const shown = all.slice(0, MAX_TALLIED_IMAGES);
      return { images: shown, left: all.length - shown.length + left.size };
    },
  };
}

function viewOf(image: string, counted: Counted, troubles: Troubles): Image {
  const { syncs, unwell, clusters, phases, stages, live } = counted;
  const trouble = troubles.get(image);
  const isNews = trouble !== undefined && trouble.since >= counted.since;
  return defined({
    image,
    // Of news the digest is what the next look finds.
    digest: isNews ? undefined : counted.digest,
    verdict: isNews ? trouble.status : counted.verdict,
    since: isNews ? trouble.since : counted.since,
    syncs,
    unwell,
    clusters,
    phases,
    live: [...live]
      .map(([digest, of]) => ({ digest, syncs: of }))
      .toSorted((a, b) => b.syncs - a.syncs)
      .slice(0, MAX_LIVE),
    stages: [...stages].map(([stage, of]) => ({ stage, phases: of })),
  });
}
