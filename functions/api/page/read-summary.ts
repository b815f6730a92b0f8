import { eachRecord } from '#shared/reconcile/snapshot.ts';
import { ANY_PHASE } from '../fleet/operation.ts';
import { ageOf, presentRow, type Troubles, WELL } from '../fleet/present.ts';
import type { SnapshotDeps } from '../fleet/read-snapshot.ts';
import { rememberFor, snapshotTtlMs } from '../remember.ts';
import { numberOf, type Tone, TONES } from './layout.ts';

/** An image that is followed, and the verdict of what its tag names. */
export interface FollowedImage {
  readonly image: string;
  readonly digest: string | undefined;
  readonly verdict: string | undefined;
  readonly syncs: number;
  /** When the newest change to an RSync on it was. */
  readonly since: string;
}

type AnyPhase = (typeof ANY_PHASE)[number];

/** The whole fleet in a few numbers. */
export interface Summary {
  readonly clusters: number;
  readonly syncs: number;
  /** Where clusters and RSyncs stand now, as far as is known. */
  readonly phases: ReadonlyMap<AnyPhase, number>;
  /** RSyncs whose glass is broken. */
  readonly broken: number;
  /** Newest first. */
  readonly images: readonly FollowedImage[];
  readonly ageSeconds: number;
}

/**
 * Counts the snapshot, and keeps the count for a while: all who look at the page meanwhile share it. A verdict that was
 * published since is in it at once.
 *
 * @example
 * const { clusters, phases } = await createSummary({ store, troubles, now })();
 */
export function createSummary(deps: SnapshotDeps): () => Promise<Summary> {
  const remember = rememberFor<Summary>(deps.now, ({ clusters }) => snapshotTtlMs(clusters));
  return async () => {
    const { troubles, edition } = await deps.troubles();
    return remember(edition, () => countFleet(deps, troubles));
  };
}

async function countFleet({ store, now }: SnapshotDeps, troubles: Troubles): Promise<Summary> {
  const phases = new Map<AnyPhase, number>();
  const count = (phase: AnyPhase) => phases.set(phase, (phases.get(phase) ?? 0) + 1);
  const images = new Map<string, FollowedImage>();
  let clusters = 0;
  let syncs = 0;
  let broken = 0;
  let ageSeconds = 0;
  for await (const record of eachRecord(store)) {
    clusters += 1;
    count(record.phase);
    if (record.reconciledAt !== undefined && record.phase === 'Reachable') {
      ageSeconds = Math.max(ageSeconds, ageOf(record.reconciledAt, now()));
    }
    for (const row of record.syncs) {
      const { image, target, verdict, record: at, breakGlass } = row;
      syncs += 1;
      if (breakGlass !== undefined) broken += 1;
      count(presentRow(row, record, troubles).present.phase);
      if (image === undefined) continue;
      const known = images.get(image);
      const newest = known === undefined || known.since < at.since;
      const seen = newest ? { digest: target, verdict, since: at.since } : known;
      images.set(image, { ...seen, image, syncs: (known?.syncs ?? 0) + 1 });
    }
  }
  for (const [image, followed] of images) {
    const trouble = troubles.get(image);
    if (trouble === undefined || trouble.since < followed.since) continue;
    // Its digest is what the next look finds.
    const { status: verdict, since } = trouble;
    images.set(image, { ...followed, verdict, since, digest: undefined });
  }
  const newestFirst = [...images.values()].toSorted((a, b) => (a.since < b.since ? 1 : -1));
  return { clusters, syncs, phases, broken, images: newestFirst, ageSeconds };
}

/** The health of the fleet in one line. */
export function sayHealth({ clusters, syncs, phases, broken }: Summary): string {
  if (clusters === 0) return 'Nothing is known of any cluster yet: the next sweep looks at them';
  const unwell = ANY_PHASE.filter((phase) => phases.has(phase) && !WELL.has(phase));
  const problems = unwell.map((phase) => `${phases.get(phase)} ${phase}`);
  if (broken > 0) problems.push(`${broken} under break-glass`);
  const fleet = `${numberOf(syncs, 'RSync')} on ${numberOf(clusters, 'cluster')}`;
  const news = problems.length === 0 ? ['all is well'] : problems;
  const waiting = phases.has('Waiting') ? [`${phases.get('Waiting')} Waiting`] : [];
  return `${fleet}: ${[...news, ...waiting].join(', ')}`;
}

/** As bad as the worst of it. */
export function healthTone({ clusters, phases, broken }: Summary): Tone {
  const tones = new Set([...phases.keys()].map((phase) => TONES[phase]));
  if (broken > 0 || tones.has('bad')) return 'bad';
  return clusters === 0 || tones.has('wait') ? 'wait' : 'ok';
}
