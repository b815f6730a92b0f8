import type { RSyncPatch } from '#shared/core/approve.ts';
import { decide } from '#shared/core/decide.ts';
import { IMAGE_TO_SYNC } from '#shared/core/annotations.ts';
import { type CountersignError, toFailure } from '#shared/core/errors.ts';
import type { RSync } from '#shared/core/rsync.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import type { ReconcileDeps } from './deps.ts';
import type { SyncRow } from '#shared/store/store.ts';
import type { ClusterLook, Finding } from './look.ts';
import { reportDropped } from './report-sync.ts';

/** Config Sync updates an RSync's status every few seconds; losing to it this often in a row is no accident. */
const MAX_ATTEMPTS = 5;

/** What is to be written on an RSync, and the RSync as it was read for it. */
export interface Plan {
  readonly rsync: RSync;
  readonly decision: { readonly patch?: RSyncPatch };
}

export interface Writing<Made extends Plan> {
  readonly api: ClusterApi;
  /** What is to be written on the RSync as it is now: what was known is older than what another writer did. */
  readonly again: (rsync: RSync) => Promise<Made>;
  /** The plan without what the cluster refused; undefined: nothing can be left out. */
  readonly without?: (plan: Made) => Made | undefined;
  readonly before?: (plan: Made) => Promise<void>;
}

/**
 * Writes a plan with the resourceVersion it was made from. When another writer was faster, the RSync is read again, and
 * planned anew. Returns the plan that stands; undefined when the RSync is gone. Throws what the API server answers,
 * `cluster-conflict` after the last attempt.
 */
export async function writePlan<Made extends Plan>(
  plan: Made,
  { api, again, without, before }: Writing<Made>,
  { rsyncs }: Pick<ReconcileDeps, 'rsyncs'>,
): Promise<Made | undefined> {
  let current = plan;
  for (let attempt = 1; ; attempt += 1) {
    const { rsync, decision } = current;
    if (decision.patch === undefined) return current;
    await before?.(current);
    try {
      await rsyncs.write(api, rsync, decision.patch);
      return current;
    } catch (error) {
      const failure = toFailure(error);
      const less = isRefused(failure) ? without?.(current) : undefined;
      if (less !== undefined) {
        current = less;
        continue;
      }
      if (failure.code !== 'cluster-conflict' || attempt === MAX_ATTEMPTS) throw error;
    }
    const now = await rsyncs.read(api, rsync.ref);
    if (now === undefined || now.uid !== rsync.uid) return undefined;
    current = await again(now);
  }
}

/**
 * Writes what a look found; when another writer was faster, it is looked at again. When the cluster refuses the
 * announcement or the pin, the approval is written without them: Config Sync's own webhook guards what it manages, and
 * Countersign insists on the approval alone. Undefined when the RSync is gone. Throws what `writePlan` throws.
 */
export async function writeFinding(
  found: Finding,
  { look, row, api }: { look: ClusterLook; row: SyncRow | undefined; api: ClusterApi },
  deps: ReconcileDeps,
): Promise<Finding | undefined> {
  let refused = false;
  function bare(plan: Finding): Finding {
    const input = { ...plan.input, bare: true, now: deps.now() };
    return { ...plan, input, decision: decide(input) };
  }
  return writePlan(
    found,
    {
      api,
      before: (plan) => reportDropped(plan, { cluster: api.cluster, previous: row?.record }, deps),
      async again(rsync) {
        const plan = await look.again(look.read(rsync, row));
        return refused ? bare(plan) : plan;
      },
      without(plan) {
        const { patch } = plan.decision;
        if (refused || patch === undefined || !asksForMore(patch)) return undefined;
        refused = true;
        return bare(plan);
      },
    },
    deps,
  );
}

/** A refusal that will be the same next time; a webhook that cannot be reached is not one. */
function isRefused(error: CountersignError): boolean {
  return error.code === 'cluster-refused' && !error.retry;
}

/** Whether the patch changes what others may guard. */
function asksForMore({ annotations, image, version }: RSyncPatch): boolean {
  return IMAGE_TO_SYNC in annotations || image !== undefined || version !== undefined;
}
