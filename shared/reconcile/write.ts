import { type Decision, type Followed, decide } from '#shared/core/decide.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { PhaseRecord } from '#shared/core/phase.ts';
import { receiptReason } from '#shared/core/receipt.ts';
import type { RSync } from '#shared/core/rsync.ts';
import type { Task } from '#shared/core/task.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import type { ReconcileDeps } from './deps.ts';
import { follow } from './follow.ts';
import { judge } from './judge.ts';

/** Config Sync updates an RSync's status every few seconds; losing to it this often in a row is no accident. */
const MAX_ATTEMPTS = 5;

export interface WriteInput {
  readonly api: ClusterApi;
  readonly labels: Readonly<Record<string, string>>;
  readonly task: Pick<Task, 'reason' | 'actor'>;
  readonly rsync: RSync;
  readonly followed: Followed | undefined;
  readonly previous: PhaseRecord | undefined;
}

export interface Written {
  readonly rsync: RSync;
  readonly followed: Followed | undefined;
  readonly decision: Decision;
}

/**
 * Decides one RSync and writes the decision with the resourceVersion it was made from. When somebody was faster, it
 * is read again, its tag resolved afresh, and decided anew: what we know is older than what they did (law 4).
 * Undefined when the RSync is gone. Throws what the API server answers, `cluster-conflict` after the last attempt.
 */
export async function decideAndWrite(
  input: WriteInput,
  deps: ReconcileDeps,
): Promise<Written | undefined> {
  let { rsync, followed } = input;
  for (let attempt = 1; ; attempt += 1) {
    const decision = decide({
      rsync,
      followed,
      reason: receiptReason(input.task.reason),
      ...(input.task.actor === undefined ? {} : { actor: input.task.actor }),
      settings: deps.settings,
      previous: input.previous,
      now: deps.now(),
    });
    if (decision.patch === undefined) return { rsync, followed, decision };
    try {
      await deps.rsyncs.write(input.api, rsync, decision.patch);
      return { rsync, followed, decision };
    } catch (error) {
      if (!isConflict(error) || attempt === MAX_ATTEMPTS) throw error;
    }
    const again = await deps.rsyncs.read(input.api, rsync.ref);
    if (again === undefined || again.uid !== rsync.uid) return undefined;
    rsync = again;
    followed = await judgeAfresh(rsync, input.labels, deps);
  }
}

async function judgeAfresh(
  rsync: RSync,
  labels: Readonly<Record<string, string>>,
  deps: ReconcileDeps,
): Promise<Followed | undefined> {
  const now = follow(rsync, deps.rules, labels);
  if (now === undefined) return undefined;
  const { target } = now;
  const resolution =
    target.status === 'follow' ? await deps.resolver.fresh(target.reference) : undefined;
  return judge(now, resolution, { fresh: true }, deps);
}

function isConflict(error: unknown): boolean {
  return error instanceof CountersignError && error.code === 'cluster-conflict';
}
