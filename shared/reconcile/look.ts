import { type Decision, decide } from '#shared/core/decide.ts';
import type { DecisionInput, Followed } from '#shared/core/decision-input.ts';
import { defined } from '#shared/core/defined.ts';
import type { ReceiptReason } from '#shared/core/receipt.ts';
import type { RSync } from '#shared/core/rsync.ts';
import { withDeadline } from '#shared/net/within.ts';
import type { SyncRow } from '#shared/store/store.ts';
import { type AdmissionDeps, type AskingCluster, createAdmissions } from './admission.ts';
import type { ReconcileDeps } from './deps.ts';
import { type FollowedRSync, follow, whyUnfollowed } from './follow.ts';
import { judgeRSync } from './judge-rsync.ts';
import { JUDGE_MS } from './limits.ts';
import { type WithdrawDeps, mayWithdraw } from './may-withdraw.ts';
import { createTargets } from './resolve-targets.ts';

/** What a look takes: it reads the registry, records and a note of the store, and neither writes nor publishes. */
export type FindingDeps = WithdrawDeps & AdmissionDeps & Pick<ReconcileDeps, 'rules' | 'settings'>;

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
  const targets = createTargets(deps.resolver, notBefore);
  const admit = createAdmissions(purpose, deps);

  /** `afresh`: another writer was faster. */
  async function judge(
    entry: FollowedRSync,
    known: readonly string[] | undefined,
    afresh: boolean,
  ): Promise<Followed> {
    const options = { fresh: afresh || purpose.fresh, known };
    const resolution = await (afresh ? targets.afresh : targets.of)(entry);
    const named = await judgeRSync(entry, resolution, options, deps);
    const admitted = await admit(entry, named, { afresh, fresh: options.fresh });
    if (admitted === undefined) return named;
    if ('kept' in admitted) return { ...named, ...admitted };
    const { admission, resolution: letIn } = admitted;
    const { resolved } = named;
    if (resolved === undefined || letIn === undefined) return { ...named, admission };
    if (letIn.image === resolved.resolution.image) {
      return { ...named, resolved: { ...resolved, resolution: letIn }, admission };
    }
    return { ...(await judgeRSync(entry, letIn, options, deps)), admission, named };
  }

  async function find({ rsync, entry, row }: Read, afresh: boolean): Promise<Finding> {
    const followed =
      entry &&
      (await withDeadline(JUDGE_MS, 'Looking at its image', () =>
        judge(entry, row?.approved, afresh),
      ));
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
    read: (rsync, row) => ({ rsync, entry: follow(rsync, deps.rules, labels), row }),
    at: (read) => find(read, false),
    again: (read) => find(read, true),
  };
}
