import { type Reference, formatReference, tryReference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { recordName, versionsOf } from '#shared/core/track/stream.ts';
import type { FleetList, Member } from '#shared/fleet/fleet.ts';
import type { ImageDeps, Staging } from '#shared/reconcile/deps.ts';
import { readFreezing } from '#shared/reconcile/read-freezing.ts';
import { type Snapshot, repositoryOf, snapshotOf, syncsOf } from '#shared/reconcile/snapshot.ts';
import { createAdmissions } from '#shared/rollouts/admissions.ts';
import { type Brought, broughtBy, followedAs } from '#shared/rollouts/brought.ts';
import { createFindRule } from '#shared/rollouts/find-rule.ts';
import { findTarget } from '#shared/rollouts/find-target.ts';
import { createFleets, imageOf } from '#shared/rollouts/fleets.ts';
import { createLoad } from '#shared/rollouts/load.ts';
import { createRoom } from '#shared/rollouts/room.ts';
import { step } from '#shared/rollouts/step.ts';
import type { ResolveNow } from '#shared/rollouts/way-back.ts';
import type { SyncRow } from '#shared/store/store.ts';

/** Images of which one signature is taken to be; of more, sweeps find it. */
const MAX_SIGNED = 20;

export interface StepPushedDeps extends ImageDeps {
  readonly staging: Staging;
  /** The fleet as it was listed. */
  readonly listed: FleetList;
  readonly resolveNow: ResolveNow;
  /** Message id of the notification. */
  readonly cause: string;
}

/** A reference that was pushed, or signed, and verifies. */
export interface Pushed {
  readonly reference: Reference;
  readonly resolution: Resolution;
}

/** Whether a cluster has anything to do now. */
export type Concerns = (member: Member) => boolean;

/**
 * The next step of the roll-outs of what was pushed, so that the first clusters have it at once. Returns whom to task:
 * clusters in which something may be approved, or names a pushed digest by itself. `notBefore`: when it was pushed.
 */
export async function stepPushed(
  pushed: readonly Pushed[],
  rule: ImageRule,
  notBefore: Date,
  deps: StepPushedDeps,
): Promise<Concerns> {
  const found = new Map(
    pushed.map((one) => [recordName(one.reference, rule) ?? formatReference(one.reference), one]),
  );
  const repositories = new Set(pushed.map(({ reference }) => reference.repository));
  const digests = new Set(pushed.flatMap(({ resolution: { image } }) => digestsOf(image)));
  const resolve = (named: Reference): Promise<Resolution> =>
    deps.resolver.resolve(named, notBefore);
  const snapshot = snapshotOf(deps.listed, await deps.store.everyCluster());
  const isDue = await stepAll([...found.keys()], snapshot, deps, async (image, rows, record) => {
    const kind = followedAs(rows);
    // Which of the versions is the best, and what it may replace, is for their order to say.
    if (versionsOf(rule) !== undefined) {
      return findTarget({ image, rule, kind, by: 'push', cause: deps.cause, record }, deps);
    }
    const one = found.get(image);
    return one && broughtBy('push', { ...one, kind }, resolve);
  });
  return concerns(snapshot, (row, member) => {
    const repository = repositoryOf(row);
    if (repository === undefined || !repositories.has(repository)) return false;
    // A push of its own image ends its pause.
    if (row.unsettled !== undefined) return true;
    // It is let in, and waits for the tag alone.
    if (row.record.phase === 'Waiting' && row.staged?.why === undefined) return true;
    return isDue(row, member) ?? digestsNamedBy(row).some((digest) => digests.has(digest));
  });
}

/** The same where a repository that keeps signatures of others has a new one: it may be of any image of the rule. */
export async function stepSigned(rule: ImageRule, deps: StepPushedDeps): Promise<Concerns> {
  const snapshot = snapshotOf(deps.listed, await deps.store.everyCluster());
  const find = createFindRule(deps.rules, deps.staging);
  const images = new Set(syncsOf(snapshot).flatMap(({ row }) => imageOf(row) ?? []));
  const own = [...images].filter((image) => find(image).rule === rule).slice(0, MAX_SIGNED);
  const { cause } = deps;
  const isDue = await stepAll(own, snapshot, deps, (image, rows, record) =>
    findTarget({ image, rule, kind: followedAs(rows), by: 'push', cause, record }, deps),
  );
  return concerns(snapshot, (row, member) => {
    if (find(imageOf(row) ?? '').rule !== rule) return false;
    return isDue(row, member) ?? row.verdict !== 'verified';
  });
}

/** Takes each image a step on. Returns whether a row has anything to do then; undefined where it is in no stage. */
async function stepAll(
  images: readonly string[],
  snapshot: Snapshot,
  { staging, ...deps }: StepPushedDeps,
  bring: (
    image: string,
    rows: readonly SyncRow[],
    record: RolloutRecord | undefined,
  ) => Promise<Brought | undefined>,
): Promise<(row: SyncRow, member: Member) => boolean | undefined> {
  const now = deps.now();
  const entries = new Map((await staging.records.list()).map((entry) => [entry.image, entry]));
  const find = createFindRule(deps.rules, staging, await readFreezing(staging, deps));
  const fleets = createFleets(snapshot, deps.rules);
  const load = createLoad([...entries.values()], { fleets, find, now });
  const room = createRoom(entries.values());
  for (const image of images) {
    const { rule, strategy, isTagged } = find(image);
    if (strategy === undefined || !isTagged) continue;
    const rows = syncsOf(snapshot).flatMap(({ row }) => (imageOf(row) === image ? row : []));
    if (rows.length === 0 && !entries.has(image)) continue;
    if (!room.take(image)) {
      deps.log.warn({ image }, 'No room for the record of its roll-out');
      continue;
    }
    const input = {
      image,
      rule,
      strategy,
      fleets,
      entry: entries.get(image),
      brought: await bring(image, rows, entries.get(image)?.record),
      elsewhere: load.elsewhere(image),
      fresh: true,
    };
    const { record } = await step(input, { ...deps, records: staging.records });
    if (record === undefined) continue;
    entries.set(image, { image, record, known: true });
    load.count(record);
  }
  const admissions = createAdmissions(entries.values(), { find, now });
  return (row, member) => admissions(row, member)?.isDue;
}

/** A cluster of which nothing is known may have anything. */
function concerns(
  { records }: Snapshot,
  isConcerned: (row: SyncRow, member: Member) => boolean,
): Concerns {
  return (member) => {
    const record = records.get(member.name);
    return record?.syncs.some((row) => isConcerned(row, member)) ?? true;
  };
}

function digestsOf(image: Resolution['image']): readonly string[] {
  if (image.status !== 'resolved') return [];
  return [image.digest, image.index ?? image.digest];
}

/** What it names without a tag, or with one that decides nothing. */
function digestsNamedBy({ image = '', target }: SyncRow): readonly string[] {
  return [tryReference(image)?.digest, target].filter((digest) => digest !== undefined);
}
