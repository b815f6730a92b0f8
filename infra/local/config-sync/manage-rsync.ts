import { createKubeClient, KubeError } from './kube-client.ts';
import type { Lifetime } from './lifetime.ts';
import { API_RETRY } from './limits.ts';
import { beginRollout, finishRollout, stall } from './manager-status.ts';
import { type Pace, scaleAttempt } from './pace.ts';
import { startReconciler } from './reconciler.ts';
import { MANAGER_USER, reconcilerOf, type RSync, userOf } from './rsync.ts';
import type { Spec, Status } from './schema.ts';
import { startSource } from './start-source.ts';
import { updateStatus } from './update-status.ts';
import { validateRSync } from './validate-rsync.ts';

/** One RSync under management. */
export interface ManagedRSync {
  readonly uid: string;
  /** The object as it is now: called for every change, status included. */
  observe: (rsync: RSync) => void;
  /** It is gone, and its reconciler with it. */
  stop: () => Promise<void>;
}

/** The Deployment of a reconciler: of which generation, and whether it is ready. */
interface Deployment {
  readonly generation: number;
  readonly lifetime: Lifetime;
  ready: boolean;
}

/**
 * reconciler-manager's work on one RSync (facts/config-sync.md sections 1 and 4): an invalid spec stalls it and leaves
 * an older reconciler running; each new generation costs a rollout, during which nothing is synced.
 */
export function manageRSync(
  first: RSync,
  deps: { kubeUrl: string; pace: Pace; lifetime: Lifetime },
): ManagedRSync {
  const { kubeUrl, pace, lifetime } = deps;
  const kube = createKubeClient({ url: kubeUrl, user: MANAGER_USER, lifetime });
  let latest = first;
  let deployment: Deployment | undefined;
  let working = false;
  let again = false;

  /** One pass at a time, always over the newest object; a failure is tried again. */
  async function work(): Promise<void> {
    again = true;
    if (working) return;
    working = true;
    try {
      while (again && !lifetime.ended()) {
        again = false;
        await reconcile(latest);
      }
    } catch (error) {
      lifetime.after(scaleAttempt(pace, API_RETRY), work);
      // Gone meanwhile: the watch says so too.
      if (!(error instanceof KubeError && error.code === 404)) throw error;
    } finally {
      working = false;
    }
  }

  async function reconcile(rsync: RSync): Promise<void> {
    if (rsync.deleting) {
      await deployment?.lifetime.end();
      deployment = undefined;
      return;
    }
    const observed = { generation: rsync.generation, reconciler: reconcilerOf(rsync) };
    const change = (next: (status: Status, now: string) => Status): Promise<RSync> => {
      const now = new Date(lifetime.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
      return updateStatus(kube, rsync, (status) => next(status, now));
    };
    const problem = validateRSync(rsync);
    if (problem !== undefined || rsync.spec === undefined) {
      await change((status, now) => stall(status, observed, problem ?? '', now));
    } else if (deployment?.generation !== rsync.generation) {
      await change((status, now) => beginRollout(status, observed, now));
      await rollOut(rsync, rsync.spec);
    } else if (deployment.ready) {
      await change((status, now) => finishRollout(status, observed, now));
    }
  }

  /** Strategy Recreate: the old reconciler is gone, and all that it had pulled, before the new one begins. */
  async function rollOut(rsync: RSync, spec: Spec): Promise<void> {
    await deployment?.lifetime.end();
    const own = lifetime.child();
    const made: Deployment = { generation: rsync.generation, lifetime: own, ready: false };
    deployment = made;
    own.after(pace.rolloutMs, async () => {
      made.ready = true;
      const reconcilerKube = createKubeClient({ url: kubeUrl, user: userOf(rsync), lifetime: own });
      const source = startSource(spec, { pace, lifetime: own });
      startReconciler({ rsync, spec, source, kube: reconcilerKube, pace, lifetime: own });
      lifetime.launch(work);
    });
  }

  lifetime.launch(work);
  return {
    uid: first.uid,
    observe(rsync) {
      latest = rsync;
      lifetime.launch(work);
    },
    stop: () => lifetime.end(),
  };
}
