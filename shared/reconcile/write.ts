import type { ApprovalPatch } from '#shared/core/approve.ts';
import { type Decision, decide } from '#shared/core/decide.ts';
import { type Followed } from '#shared/core/followed.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { IMAGE_TO_SYNC } from '#shared/core/annotations.ts';
import type { PhaseRecord } from '#shared/core/phase.ts';
import { receiptReason } from '#shared/core/receipt.ts';
import type { RSync } from '#shared/core/rsync.ts';
import type { Task } from '#shared/core/task.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import type { ReconcileDeps } from './deps.ts';
import { follow, whyUnfollowed } from './follow.ts';
import { judge } from './judge.ts';
import { JUDGE_MS } from './limits.ts';
import { mayWithdraw } from './may-withdraw.ts';
import { reportDropped } from './report-dropped.ts';
import { resolveTarget } from './resolve-targets.ts';
import { within } from './within.ts';

/** Config Sync updates an RSync's status every few seconds; losing to it this often in a row is no accident. */
const MAX_ATTEMPTS = 5;

export interface WriteInput {
  readonly api: ClusterApi;
  readonly labels: Readonly<Record<string, string>>;
  readonly task: Pick<Task, 'reason' | 'actor'>;
  readonly rsync: RSync;
  readonly followed: Followed | undefined;
  readonly previous: PhaseRecord | undefined;
  /** Keys that were approved when we last looked, where that is remembered. */
  readonly known?: readonly string[];
  /** Since when the cluster has been in reach, ISO 8601. */
  readonly reachableSince?: string;
}

export interface Written {
  readonly rsync: RSync;
  readonly followed: Followed | undefined;
  readonly decision: Decision;
}

/**
 * Decides one RSync and writes the decision with the resourceVersion it was made from. When somebody was faster, it
 * is read again, its tag resolved afresh, and decided anew: what we know is older than what they did (law 4). When
 * the cluster refuses the announcement or the pin, the approval is written without them: Config Sync's own webhook
 * guards what it manages (facts/config-sync.md section 8), and only the approval is ours to insist on. Undefined when
 * the RSync is gone. Throws what the API server answers, `cluster-conflict` after the last attempt.
 */
export async function decideAndWrite(
  input: WriteInput,
  deps: ReconcileDeps,
): Promise<Written | undefined> {
  let { rsync, followed } = input;
  let bare = false;
  for (let attempt = 1; ; attempt += 1) {
    const decision = decide({
      rsync,
      followed,
      ...(followed === undefined
        ? { unfollowed: whyUnfollowed(rsync, deps.rules, deps.settings) }
        : {}),
      reason: receiptReason(input.task.reason),
      ...(input.task.actor === undefined ? {} : { actor: input.task.actor }),
      settings: { ...deps.settings, withdraw: await mayWithdraw(rsync, followed, deps) },
      bare,
      ...(input.reachableSince === undefined ? {} : { reachableSince: input.reachableSince }),
      previous: input.previous,
      now: deps.now(),
    });
    if (decision.patch === undefined) return { rsync, followed, decision };
    await reportDropped({ rsync, followed, decision }, input, deps);
    try {
      await deps.rsyncs.write(input.api, rsync, decision.patch);
      return { rsync, followed, decision };
    } catch (error) {
      if (!bare && isRefused(error) && asksForMore(decision.patch)) {
        bare = true;
        continue;
      }
      if (!isConflict(error) || attempt === MAX_ATTEMPTS) throw error;
    }
    const again = await deps.rsyncs.read(input.api, rsync.ref);
    if (again === undefined || again.uid !== rsync.uid) return undefined;
    rsync = again;
    followed = await judgeAfresh(rsync, input, deps);
  }
}

function judgeAfresh(
  rsync: RSync,
  input: Pick<WriteInput, 'labels' | 'known'>,
  deps: ReconcileDeps,
): Promise<Followed | undefined> {
  return within(JUDGE_MS, 'Looking at its image again', () => judgeNow(rsync, input, deps));
}

async function judgeNow(
  rsync: RSync,
  { labels, known }: Pick<WriteInput, 'labels' | 'known'>,
  deps: ReconcileDeps,
): Promise<Followed | undefined> {
  const now = follow(rsync, deps.rules, labels);
  if (now === undefined) return undefined;
  const { target } = now;
  const resolution =
    target.status === 'follow'
      ? await resolveTarget(target, (reference) => deps.resolver.fresh(reference))
      : undefined;
  const options = { fresh: true, ...(known === undefined ? {} : { known }) };
  return judge(now, resolution, options, deps);
}

/** A refusal that will be the same next time; a webhook that cannot be reached is not one. */
function isRefused(error: unknown): boolean {
  return error instanceof CountersignError && error.code === 'cluster-refused' && !error.retry;
}

/** Whether the patch changes what others may guard. */
function asksForMore({ annotations, image, version }: ApprovalPatch): boolean {
  return IMAGE_TO_SYNC in annotations || image !== undefined || version !== undefined;
}

function isConflict(error: unknown): boolean {
  return error instanceof CountersignError && error.code === 'cluster-conflict';
}
