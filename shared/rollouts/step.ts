import { defined } from '#shared/core/defined.ts';
import { advance, checksToAsk } from '#shared/core/rollout/advance.ts';
import { arrive } from '#shared/core/rollout/arrive.ts';
import type { Check, Evidence } from '#shared/core/rollout/checks.ts';
import type { Fleet } from '#shared/core/rollout/fleet.ts';
import { rolloutId } from '#shared/core/rollout/id.ts';
import type { Change, RolloutRecord } from '#shared/core/rollout/record.ts';
import { isAtRest } from '#shared/core/rollout/moving.ts';
import { isBelow } from '#shared/core/rollout/ratchet.ts';
import { recover, restore, retire } from '#shared/core/rollout/recover.ts';
import type { Strategy } from '#shared/core/rollout/strategy.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import type { Tracker } from '#shared/core/track/track.ts';
import type { ImageDeps } from '#shared/reconcile/deps.ts';
import type { Snapshot } from '#shared/reconcile/snapshot.ts';
import type { Entry } from '#shared/records/records.ts';
import type { SyncRow } from '#shared/store/store.ts';
import type { Brought } from './brought.ts';
import { type CommitDeps, type Committed, type Decided, commit } from './commit.ts';
import { type Fleets, imageOf } from './fleets.ts';
import { meetsPolicy } from './meets-policy.ts';
import { isTagRejected } from './tag-rejected.ts';
import { type ResolveNow, hasNoWayBack } from './way-back.ts';

/** One image, and what there is to decide its next step from. */
export interface StepInput {
  /** As its record names it: `host/path:tag`. */
  readonly image: string;
  /** Its entry of the config; absent: none names it any more. */
  readonly rule?: ImageRule | undefined;
  /** Absent: its images go everywhere at once. */
  readonly strategy?: Strategy | undefined;
  readonly fleets: Fleets;
  /** A verified digest that its tag came to name. */
  readonly brought?: Brought | undefined;
  /** Clusters under way in the roll-outs of other images. */
  readonly elsewhere: number;
  /** The record as it was read already. */
  readonly entry?: Entry | undefined;
  /** What it was worth before is not asked for: a signature came just now. */
  readonly fresh?: boolean;
  /** A receipt on a cluster knows of a later roll-out than the record. */
  readonly isOutdated?: boolean;
}

export interface StepDeps
  extends CommitDeps,
    Pick<ImageDeps, 'resolver' | 'verifier' | 'policies' | 'tracks'> {
  readonly resolveNow: ResolveNow;
  /** Absent: they are not asked, so that no stage that has checks is passed. */
  readonly askChecks?: AskChecks | undefined;
}

/** Asks the checks of the stage where a roll-out stands; undefined: not now. Never throws. */
export type AskChecks = (
  record: RolloutRecord,
  checks: readonly Check[],
) => Promise<Evidence | undefined>;

/**
 * The next step of one image's roll-out, published and recorded: taken over where there is no record, retired where its
 * strategy is gone, begun with what was brought, and on from there as far as the fleet allows at this moment. A second
 * time, it changes nothing. Throws what `commit` and the registry throw.
 *
 * @example
 * const { record } = await step({ image, rule, strategy, fleets, brought, elsewhere }, deps);
 */
export async function step(input: StepInput, deps: StepDeps): Promise<Committed> {
  const { image, rule, strategy, fleets } = input;
  const { snapshot } = fleets;
  const { now } = deps;
  let known: Fleet | undefined;
  function fleet(): Fleet {
    const query = { image, signedBy: [], elsewhere: input.elsewhere };
    known ??= rule ? fleets.of({ ...query, rule }) : { ...query, clusters: [] };
    return known;
  }
  /** The same, with what its tag says of the record in place. */
  function fleetFor({ record }: Entry): Fleet {
    const waits = record !== undefined && isTagRejected(record, rule, snapshot);
    return waits ? { ...fleet(), tagRejected: true } : fleet();
  }
  function decided(changes: readonly Change[], noWayBack = false): Decided {
    return {
      changes,
      // Counted where there is something to publish.
      seen: {
        get clusters() {
          return fleet().clusters;
        },
        records: snapshot.records,
        strategy,
        noWayBack,
      },
    };
  }

  return commit(
    image,
    async (entry) => {
      if (strategy === undefined) return entry.record && decided([retire(entry.record)]);
      if (entry.record !== undefined && input.isOutdated === true) {
        const restored = restore(entry.record, strategy, fleet());
        if (restored.record !== entry.record) return decided([restored]);
      }
      const { brought } = input;
      if (brought === undefined && entry.record?.status !== 'retired') {
        if (entry.record !== undefined && isAtRest(entry.record)) return undefined;
      }
      // One instant: what begins with this look passes no stage by it.
      const instant = { ...input, strategy, fleet: fleetFor(entry), now: now() };
      const begun = begin(entry, instant, rule && deps.tracks?.of(rule));
      if (begun === undefined) return undefined;
      const changes = [...begun.changes, await goOn(begun.record, instant, deps)];
      return decided(changes, await hasNoWayBack(changes, deps.resolveNow));
    },
    deps,
    input.entry,
  );
}

interface Instant extends StepInput {
  readonly strategy: Strategy;
  readonly fleet: Fleet;
  readonly now: Date;
}

/** A record to go on from, and the changes that lead to it; undefined where that has to wait. */
function begin(
  entry: Entry,
  input: Instant,
  tracker: Tracker | undefined,
): { readonly record: RolloutRecord; readonly changes: readonly Change[] } | undefined {
  const { brought, strategy, now } = input;
  const first = hasRecord(entry) ? undefined : takeOver(entry, input);
  const record = first?.record ?? entry.record;
  if (record === undefined || record.status === 'retired') return undefined;
  const changes = first === undefined ? [] : [first];
  if (brought === undefined) return { record, changes };
  // What was recorded since it was found may be higher.
  if (tracker !== undefined && isBelow(record, brought, tracker)) return { record, changes };
  const id = rolloutId(input.image, brought.digest, record.version + 1);
  const arrived = arrive(record, strategy, { ...brought, id }, now);
  return { record: arrived.record, changes: [...changes, arrived] };
}

function hasRecord({ record }: Entry): boolean {
  return record !== undefined && record.status !== 'retired';
}

/** The first record, where something follows the image; or the one that was lost, or retired, begun again. */
function takeOver(
  { known, record: retired }: Entry,
  { image, strategy, fleet, brought, fleets, now }: Instant,
): Change | undefined {
  const isFollowed = fleet.clusters.some(({ syncs = [] }) => syncs.length > 0);
  if (!known && !isFollowed) return undefined;
  const target = brought ?? newestApproval(image, fleets.snapshot);
  if (target === undefined) return undefined;
  const id = rolloutId(image, target.digest, (retired?.version ?? 0) + 1);
  const missing = { image, target: { ...target, id }, fresh: !known, ...defined({ retired }) };
  return recover(missing, strategy, fleet, now);
}

/** Where the tag says nothing: what was approved last, by the registry's own time, has verified. */
function newestApproval(image: string, { records }: Snapshot): Brought | undefined {
  const found = [...records.values()].flatMap(({ syncs }) =>
    syncs.filter((row) => imageOf(row) === image).flatMap((row) => broughtByApproval(row) ?? []),
  );
  return found.toSorted((a, b) => Date.parse(b.resolvedAt) - Date.parse(a.resolvedAt))[0];
}

function broughtByApproval({ approved: [digest], approval }: SyncRow): Brought | undefined {
  if (digest === undefined || approval === undefined) return undefined;
  const { index, resolvedAt, release } = approval;
  return defined({ digest, index, resolvedAt, release, by: 'sweep' });
}

/**
 * `advance`, with the checks of the stage asked where it is satisfied, and the signature that the next stage asks for
 * looked for where that is all that is missing.
 */
async function goOn(
  record: RolloutRecord,
  { strategy, fleet, fresh = false, now }: Instant,
  deps: StepDeps,
): Promise<Change> {
  const first = advance(record, strategy, fleet, now);
  const checks = checksToAsk(first.record, strategy);
  const evidence = checks && (await deps.askChecks?.(first.record, checks));
  const known = evidence === undefined ? fleet : { ...fleet, evidence };
  const next = evidence === undefined ? first : advance(record, strategy, known, now);
  if (next.record.cause !== 'signature') return next;
  const at = strategy.stages.findIndex(({ name }) => name === next.record.stage);
  const { signedBy } = strategy.stages[at + 1] ?? {};
  if (signedBy === undefined) return next;
  const isSigned = await meetsPolicy(next.record, signedBy, { fresh }, deps);
  return isSigned ? advance(record, strategy, { ...known, signedBy: [signedBy] }, now) : next;
}
