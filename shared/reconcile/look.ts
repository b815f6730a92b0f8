import { type Decision, decide } from '#shared/core/decide.ts';
import type { DecisionInput, Followed } from '#shared/core/decision-input.ts';
import { defined } from '#shared/core/defined.ts';
import type { ReceiptReason } from '#shared/core/receipt.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { RSync } from '#shared/core/rsync.ts';
import { versionsOf } from '#shared/core/track/stream.ts';
import type { Release } from '#shared/core/track/track.ts';
import { withDeadline } from '#shared/net/within.ts';
import type { SyncRow } from '#shared/store/store.ts';
import { type AdmissionDeps, type AskingCluster, createAdmissions } from './admission.ts';
import type { ReconcileDeps } from './deps.ts';
import { type FollowedRSync, follow, whyUnfollowed } from './follow.ts';
import { type Holds, createHolds } from './holds.ts';
import { judgeRSync } from './judge-rsync.ts';
import { JUDGE_MS } from './limits.ts';
import { type WithdrawDeps, mayWithdraw } from './may-withdraw.ts';
import { type EntryDeps, createEntries } from './resolve-entry.ts';

/** What a look takes: it reads the registry, records and a note of the store, and neither writes nor publishes. */
export type FindingDeps = WithdrawDeps &
  AdmissionDeps &
  EntryDeps &
  Pick<ReconcileDeps, 'rules' | 'settings'>;

/** What the RSyncs of one cluster are looked at for. */
export interface LookPurpose extends AskingCluster {
  readonly reason: ReceiptReason;
  readonly actor?: string | undefined;
  /** Verdicts are read past every cache. */
  readonly fresh: boolean;
  /** Since when the cluster has been in reach, ISO 8601. */
  readonly reachableSince?: string | undefined;
}

/** One RSync as it was read, and what was known of it before. */
export interface Read {
  readonly rsync: RSync;
  /** What it follows; undefined: the config does not name it. */
  readonly entry: FollowedRSync | undefined;
  readonly row: SyncRow | undefined;
}

/** What a look found: what the RSync follows, and what is to be written on it. */
export interface Finding {
  readonly rsync: RSync;
  readonly followed: Followed | undefined;
  readonly decision: Decision;
  readonly input: DecisionInput;
}

/** One look at RSyncs of a cluster. Each of them throws what the registry throws, and `deadline-exceeded`. */
export interface ClusterLook {
  /** What was ordered of the holds of its RSyncs. */
  readonly holds: Holds;
  /** The RSync, and what the config has it follow in this cluster. */
  read(rsync: RSync, row?: SyncRow): Read;
  /** What one target is, is asked once for all RSyncs that follow it. */
  at(read: Read): Promise<Finding>;
  /** Another writer was faster: what was known is older than what that one did, and its tag is resolved afresh. */
  again(read: Read): Promise<Finding>;
}

/**
 * Looks at what each RSync follows, what that is in the registry, its verdict, and the decision. The run writes what it
 * found and a dry run shows it. To be made after the list: nothing that is resolved is then older than what was listed.
 *
 * @example
 * const look = createLook({ cluster, labels: member.labels, reason: 'resync', notBefore: now(), fresh: true }, deps);
 * const { decision } = await look.at(look.read(rsync));
 */
export function createLook(purpose: LookPurpose, deps: FindingDeps): ClusterLook {
  const { labels, reason, actor, notBefore, reachableSince } = purpose;
  const resolve = createEntries(deps, notBefore);
  const admit = createAdmissions(purpose, deps);
  const holds = createHolds(purpose.cluster, deps);

  /** `afresh`: another writer was faster. */
  async function judge(
    followed: FollowedRSync,
    known: readonly string[] | undefined,
    afresh: boolean,
  ): Promise<Judged> {
    const options = { fresh: afresh || purpose.fresh, known };
    const { entry, resolution, tracked, release } = await resolve(followed, afresh);
    const judgedAs = defined({ tracked, release });
    const named = await judgeRSync(entry, resolution, { ...options, ...judgedAs }, deps);
    const asked = mayBring(entry, named, deps)
      ? { ...entry, rsync: await holds.of(entry.rsync, afresh) }
      : entry;
    const { rsync } = asked;
    const admitted = await admit(asked, named, { afresh, fresh: options.fresh });
    if (admitted === undefined || 'kept' in admitted) {
      // Whose hold it is, is said before a freeze, which lets go of less.
      const kept = rsync.annotations.hold === undefined ? admitted?.kept : HELD;
      return { rsync, followed: defined({ ...named, kept }) };
    }
    const { admission, resolution: letIn, release: letInAs } = admitted;
    const { resolved } = named;
    if (resolved === undefined || letIn === undefined) {
      return { rsync, followed: { ...named, admission } };
    }
    if (letIn.image === resolved.resolution.image) {
      const same = { ...resolved, resolution: letIn };
      return { rsync, followed: { ...named, resolved: same, admission } };
    }
    const other = letInEntry(asked, letInAs, letIn);
    const of = defined({ tracked, release: letInAs });
    const judged = await judgeRSync(other, letIn, { ...options, ...of }, deps);
    return { rsync, followed: { ...judged, admission, named } };
  }

  async function find({ rsync: read, entry, row }: Read, afresh: boolean): Promise<Finding> {
    const { rsync, followed } =
      entry === undefined
        ? { rsync: read, followed: undefined }
        : await withDeadline(JUDGE_MS, 'Looking at its image', () =>
            judge(entry, row?.approved, afresh),
          );
    const input: DecisionInput = {
      rsync,
      followed,
      reason,
      previous: row?.record,
      settings: { ...deps.settings, withdraw: await mayWithdraw(rsync, followed, deps) },
      now: deps.now(),
      ...defined({
        unfollowed: entry ? undefined : whyUnfollowed(rsync, deps.rules, deps.settings),
        actor,
        reachableSince,
      }),
    };
    return { rsync, followed, decision: decide(input), input };
  }

  return {
    holds,
    read: (rsync, row) => ({ rsync, entry: follow(rsync, deps.rules, labels), row }),
    at: (read) => find(read, false),
    again: (read) => find(read, true),
  };
}

/** Of versions, what is let in is another tag than the best, or a digest whose tag is not known. */
function letInEntry(
  entry: FollowedRSync,
  release: Release | undefined,
  { image }: Resolution,
): FollowedRSync {
  const { target, rule } = entry;
  if (target.status !== 'follow' || versionsOf(rule) === undefined) return entry;
  const { host, path, repository } = target.reference;
  const base = { host, path, repository };
  if (release !== undefined) {
    return { ...entry, target: { status: 'follow', reference: { ...base, tag: release.tag } } };
  }
  if (image.status !== 'resolved') return entry;
  return { ...entry, target: { status: 'follow', reference: { ...base, digest: image.digest } } };
}

/** A hold is honoured where there are no stages, too. */
const HELD = { why: 'held' } as const;

interface Judged {
  /** With the hold that it has by now. */
  readonly rsync: RSync;
  readonly followed: Followed;
}

/** Whether it matters what holds were ordered: what can bring nothing is withdrawn as ever, though they cannot be read. */
function mayBring(
  { rsync, rule }: FollowedRSync,
  { resolved, verdict }: Followed,
  { staging }: FindingDeps,
): boolean {
  if (staging?.strategies.of(rule) !== undefined) return true;
  const [newest] = rsync.annotations.approved.keys;
  return verdict.status === 'verified' && resolved?.key !== newest;
}
