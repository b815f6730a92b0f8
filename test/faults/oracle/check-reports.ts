import type { Clock } from '../sim/clock.ts';
import { name } from '../sim/registry.ts';
import type { Plan, PlannedImage } from '../world.ts';
import {
  type ClusterFacts,
  type RegistryFacts,
  approvedOf,
  follows,
  isStalled,
  liveOf,
  reachable,
  verdictAt,
  verdictOf,
} from './truth.ts';
import type { Verdicts } from './violations.ts';
import type { ReceivedEvent } from './watch-events.ts';

export interface ReportDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly plan: Plan;
  readonly registry: RegistryFacts;
  readonly clusters: ReadonlyMap<string, ClusterFacts>;
  readonly verdicts: Verdicts;
  readonly received: readonly ReceivedEvent[];
  /** A push that stood this long had every chance. */
  readonly longStandingMs?: number;
  /** When the store was lost. */
  readonly losses: readonly number[];
  /** When clusters left the fleet. */
  readonly leavings: readonly { readonly cluster: string; readonly at: number }[];
  /** Times in which a cluster could not be reached. */
  readonly outages: readonly Outage[];
}

export interface Outage {
  readonly cluster: string;
  readonly from: number;
  readonly to: number;
}

const CLUSTER_EVENTS = new Set(['cluster.unreachable', 'cluster.recovered']);
/** How much of what followed a story shows. */
const AFTERWARDS_MS = 5 * 60_000;
const FAILURES = new Set([
  'sync.failed',
  'sync.blocked',
  'sync.stalled',
  'sync.unguarded',
  'sync.refused',
]);
/** A push that stood this long had every chance; each sweep looks at the whole fleet within fifteen minutes. */
const LONG_STANDING_MS = 30 * 60_000;

/** Checks 4, 5 and 6 over all events that were received. */
export function checkReports(deps: ReportDeps): void {
  checkFailures(deps);
  checkOutages(deps);
  checkSyncs(deps);
  checkPushes(deps);
  checkRepetitions(deps);
}

/** What a subscriber believes to be wrong at the end is wrong, and the other way round. */
export function checkFailures({
  clock,
  registry,
  clusters,
  received,
  verdicts,
  ...rest
}: ReportDeps): void {
  const open = new Map<string, ReceivedEvent>();
  for (const event of received) {
    if (event.uid === undefined) continue;
    if (FAILURES.has(event.type)) open.set(event.uid, event);
    else if (event.type === 'sync.recovered') open.delete(event.uid);
    // A function that lost the record of a failure reports what is right instead, of another object of that name too.
    if (event.type === 'sync.synced' || event.type === 'sync.recovered') {
      for (const [uid, failure] of open) {
        const same = failure.cluster === event.cluster && failure.sync === event.sync;
        if (same && isForgotten(failure, rest)) open.delete(uid);
      }
    }
  }
  const violate = (
    text: string,
    about: Pick<ReceivedEvent, 'cluster' | 'sync'>,
    failure?: ReceivedEvent,
  ): void => {
    const forgotten = failure !== undefined && isForgotten(failure, rest);
    const { cluster, sync } = about;
    const subjects = [`${cluster} ${sync}`, `cluster ${cluster}`, 'world'];
    verdicts.violate(forgotten ? FORGOTTEN : RECOVERY, `${cluster} ${sync} ${text}`, subjects);
  };
  for (const { cluster, key, object, image } of reachable(clusters)) {
    const { uid } = object.metadata;
    const failure = open.get(uid);
    open.delete(uid);
    const live = liveOf(object);
    const approved = approvedOf(object) ?? [];
    const target = registry.current(image.reference)?.child;
    const followed = follows(cluster.plan, image);
    const unguarded = live !== undefined && !approved.includes(live);
    const verified =
      target !== undefined &&
      verdictAt(registry, image.repository, target, clock.now()) === 'verified';
    const failed = verified && approved[0] === target && registry.isBad(target);
    // What no entry of this cluster names is refused by the gate, and reported as such.
    const wrong = !followed || unguarded || failed || isStalled(object);
    if (wrong === (failure !== undefined)) continue;
    // What was applied in part stays so until another digest is applied, whatever the tag names meanwhile.
    if (failure?.type === 'sync.failed' && object.status.sync?.errors !== undefined) continue;
    const text = wrong ? 'is wrong, and not reported' : `is well, and ${failure?.type} is open`;
    violate(text, { cluster: cluster.plan.name, sync: key }, failure);
  }
  for (const failure of open.values()) {
    violate(`of ${failure.uid} is gone, and ${failure.type} is open`, failure, failure);
  }
}

const RECOVERY = '4 every failure is reported, and its recovery';
export const FORGOTTEN = '4b a failure outlives the record of it';

/** Whether the record of a failure was lost since: with the store, or when its cluster left the fleet. */
function isForgotten(
  { at, cluster }: ReceivedEvent,
  { losses, leavings }: Pick<ReportDeps, 'losses' | 'leavings'>,
): boolean {
  return (
    losses.some((loss) => loss >= at - READING_MS) ||
    leavings.some((leaving) => leaving.cluster === cluster && leaving.at >= at - READING_MS)
  );
}

function checkOutages({ clusters, received, outages, verdicts, ...rest }: ReportDeps): void {
  const open = new Map<string, ReceivedEvent>();
  for (const event of received) {
    if (event.cluster === undefined) continue;
    if (event.type === 'cluster.unreachable') open.set(event.cluster, event);
    if (event.type === 'cluster.recovered') open.delete(event.cluster);
  }
  for (const [cluster, failure] of open) {
    if (clusters.get(cluster)?.member !== true) continue;
    const check = isForgotten(failure, rest) ? FORGOTTEN : RECOVERY;
    const what = `${cluster} is back, and that is not reported`;
    verdicts.violate(check, what, [`cluster ${cluster}`, 'world'], failure.at + AFTERWARDS_MS);
  }
  for (const { cluster, from, to } of outages) {
    if (to - from < LONG_STANDING_MS) continue;
    const said = received.findLast(
      ({ type, cluster: of, at }) => CLUSTER_EVENTS.has(type) && of === cluster && at <= to,
    );
    if (said?.type === 'cluster.unreachable') continue;
    verdicts.violate(
      RECOVERY,
      `${cluster} was out, and that was not reported`,
      [`cluster ${cluster}`],
      to,
    );
  }
}

/** What is approved and live at the end was reported as such. */
export function checkSyncs({ registry, clusters, received, verdicts }: ReportDeps): void {
  const known = new Set(received.map(({ type, uid, digest }) => `${type} ${uid} ${digest}`));
  for (const { cluster, key, object, image } of reachable(clusters)) {
    if (!follows(cluster.plan, image)) continue;
    const { uid } = object.metadata;
    const newest = approvedOf(object)?.[0];
    if (newest === undefined) continue;
    const target = registry.current(image.reference)?.child;
    const settled = liveOf(object) === newest && target === newest && !registry.isBad(newest);
    for (const type of settled ? ['sync.approved', 'sync.synced'] : ['sync.approved']) {
      if (known.has(`${type} ${uid} ${newest}`)) continue;
      const what = `${cluster.plan.name} ${key}: ${type} of ${name(newest)} was never reported`;
      verdicts.violate('5 every push has its outcome', what, [
        `${cluster.plan.name} ${key}`,
        `cluster ${cluster.plan.name}`,
      ]);
    }
  }
}

/** Every push that stood long enough was judged, and the last word about what stands now is true. */
export function checkPushes({
  longStandingMs = LONG_STANDING_MS,
  clock,
  plan,
  registry,
  clusters,
  received,
  verdicts,
}: ReportDeps): void {
  const followed = new Set(
    reachable(clusters).flatMap(({ cluster, image }) =>
      follows(cluster.plan, image) ? [image] : [],
    ),
  );
  for (const image of plan.images) {
    const moves = registry.moves(image.reference);
    const words = received.filter(
      ({ type, image: of = '' }) =>
        type.startsWith('image.') &&
        (of === image.reference || of.startsWith(`${image.repository}@`)),
    );
    for (const [index, move] of moves.entries()) {
      const end = moves[index + 1]?.at ?? clock.now();
      if (end - move.at < longStandingMs || !followed.has(image)) continue;
      const about = words.filter(({ digest, at }) => at <= end && digest === move.child);
      const last = about.at(-1)?.type;
      const wanted = `image.${verdictOf(registry, image, move, end - longStandingMs / 2)}`;
      const right = index === moves.length - 1 ? last === wanted : last !== undefined;
      if (right) continue;
      const what = `${image.reference} at ${name(move.child)} is ${wanted}, and ${last ?? 'nothing'} was reported`;
      verdicts.violate('5 every push has its outcome', what, [`image ${image.reference}`]);
    }
  }
}

/** A reader of the list may publish this much later; and what of two readers at once one alone records, it does again. */
const READING_MS = 20_000;

/** The same thing reported twice in a row, with nothing having happened between, is one transition under two ids. */
function checkRepetitions(deps: ReportDeps): void {
  const { plan, clusters, registry, received, losses, leavings, verdicts } = deps;
  const last = new Map<string, ReceivedEvent>();
  for (const event of received) {
    const { uid, cluster = '', sync, type, digest } = event;
    // All is well, reported once too often where nothing was on record: no subscriber minds.
    if (uid === undefined || type === 'sync.recovered') continue;
    const before = last.get(uid);
    last.set(uid, event);
    if (before === undefined || before.type !== type || before.digest !== digest) continue;
    const within = (at: number): boolean => at >= before.at - READING_MS && at <= event.at;
    const writes = clusters.get(cluster)?.writes.get(uid) ?? [];
    const image = plan.images.find(({ reference }) => reference === event.image);
    const happened = [
      ...losses,
      ...writes,
      ...leavings.filter((leaving) => leaving.cluster === cluster).map((leaving) => leaving.at),
      ...(image === undefined ? [] : happenedTo(registry, image)),
    ];
    if (happened.some(within)) continue;
    const what = `${cluster} ${sync}: ${type} of ${name(digest)} twice`;
    const subjects = [`${cluster} ${sync}`, `cluster ${cluster}`, 'world'];
    verdicts.violate('6 one transition has one ce-id', what, subjects, event.at);
  }
}

/** When the tag moved, or something it led to was signed. */
function happenedTo(
  registry: RegistryFacts,
  { repository, reference }: PlannedImage,
): readonly number[] {
  return registry.moves(reference).flatMap(({ at, top, child = top }) => {
    const signed = [top, child].flatMap((digest) => registry.signatures(repository, digest));
    return [at, ...signed.map((signature) => signature.at)];
  });
}
