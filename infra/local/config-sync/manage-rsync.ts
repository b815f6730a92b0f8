import type { Inventory } from './apply-declared.ts';
import {
  claimRSync,
  MANAGER_FINALIZER,
  RECONCILER_FINALIZER,
  withFinalizers,
  startFinalizer,
} from './finalizers.ts';
import { createKubeClient, onNewest, updateStatus } from './kube-client.ts';
import type { Lifetime } from './lifetime.ts';
import { formatTime, type Pace } from './pace.ts';
import { startReconciler } from './reconciler.ts';
import { REQUIRES_RENDERING } from './render.ts';
import { MANAGER_USER, reconcilerOf, type RSync, userOf, type Spec, type Status } from './rsync.ts';
import { startSource } from './source.ts';
import { beginRollout, finishRollout, type Observed, stall } from './status.ts';
import { validateRSync } from './validate-rsync.ts';

/** One RSync under management. */
export interface ManagedRSync {
  readonly uid: string;
  /** The object as it is now: called for every change, status included. */
  observe: (rsync: RSync) => void;
  /** It is gone, and its reconciler with it. */
  stop: () => Promise<void>;
}

/** The Deployment of a reconciler: out of which spec, and whether it is ready. */
interface Deployment {
  readonly template: string;
  readonly lifetime: Lifetime;
  readonly finalize: (rsync: RSync) => void;
  ready: boolean;
}

const MANAGER = 'configsync.gke.io/reconciler-manager';

/**
 * reconciler-manager's work on one RSync (docs/config-sync.md): an invalid spec stalls it and
 * leaves an older reconciler running; each new generation costs a rollout, during which nothing is synced. One that is
 * being deleted ends with its finalizers, first the reconciler's, then the manager's; without them its reconciler runs
 * on until the object is gone.
 */
export function manageRSync(
  first: RSync,
  deps: { cluster: string; kubeUrl: string; pace: Pace; lifetime: Lifetime; webhook: boolean },
): ManagedRSync {
  const { cluster, kubeUrl, pace, lifetime, webhook } = deps;
  const manager = { url: kubeUrl, user: MANAGER_USER, fieldManager: MANAGER };
  const kube = createKubeClient({ ...manager, lifetime });
  let latest = first;
  let deployment: Deployment | undefined;
  const inventory: Inventory = new Map();

  async function reconcile(known: RSync): Promise<void> {
    if (known.deleting) return finish(known);
    const problem = validateRSync(known);
    if (problem !== undefined) {
      await change(known, (status, observed, now) => stall(status, observed, problem, now));
      return;
    }
    const rsync = await claimRSync(kube, known);
    if (rsync.spec === undefined) return;
    if (deployment?.template !== templateOf(rsync)) {
      await change(rsync, beginRollout);
      await rollOut(rsync, rsync.spec);
    } else {
      deployment.finalize(rsync);
      if (!deployment.ready) return;
      await change(rsync, finishRollout);
    }
  }

  async function change(
    rsync: RSync,
    next: (status: Status, observed: Observed, now: string) => Status,
  ): Promise<void> {
    const now = formatTime(lifetime.clock.now());
    const observed = { generation: rsync.generation, reconciler: reconcilerOf(rsync) };
    await updateStatus(kube, rsync, (status) => next(status, observed, now));
  }

  async function finish(rsync: RSync): Promise<void> {
    const { finalizers, spec } = rsync;
    if (finalizers.includes(RECONCILER_FINALIZER)) {
      const terminating = rsync.kind === 'RepoSync' && (await kube.isTerminating(rsync.namespace));
      if (terminating) await takeOff(rsync, RECONCILER_FINALIZER);
      // After a restart of this process no reconciler is there that could finalize.
      else if (deployment === undefined && spec !== undefined) await rollOut(rsync, spec);
      else deployment?.finalize(rsync);
    } else if (finalizers.includes(MANAGER_FINALIZER)) {
      await deployment?.lifetime.end();
      deployment = undefined;
      await takeOff(rsync, MANAGER_FINALIZER);
    }
  }

  async function takeOff(rsync: RSync, finalizer: string): Promise<void> {
    const left = rsync.finalizers.filter((entry) => entry !== finalizer);
    await kube.replace(rsync, withFinalizers(rsync, left));
  }

  /** Strategy Recreate: the old reconciler is gone, and all that it had pulled, before the new one begins. */
  async function rollOut(rsync: RSync, spec: Spec): Promise<void> {
    await deployment?.lifetime.end();
    const own = lifetime.child();
    const syncing = own.child();
    const kubeWithin = (within: Lifetime) =>
      createKubeClient({ url: kubeUrl, user: userOf(rsync), lifetime: within });
    const shared = { pace, inventory };
    const finalize = startFinalizer({ ...shared, kube: kubeWithin(own), lifetime: own, syncing });
    const template = templateOf(rsync);
    const made: Deployment = { template, lifetime: own, finalize, ready: false };
    deployment = made;
    own.after(pace.rolloutMs, async () => {
      made.ready = true;
      const source = startSource(spec, { pace, lifetime: syncing });
      const options = { kube: kubeWithin(syncing), lifetime: syncing, cluster, webhook };
      startReconciler({ rsync, spec, source, ...shared, ...options });
      finalize(latest);
      observe(latest);
    });
  }

  const take = onNewest(reconcile, { kube, pace, lifetime });
  function observe(rsync: RSync): void {
    latest = rsync;
    take(rsync);
  }

  observe(first);
  return { uid: first.uid, observe, stop: () => lifetime.end() };
}

/** What decides over the pod: another one is another rollout. */
function templateOf({ generation, annotations }: RSync): string {
  return `${generation} ${annotations[REQUIRES_RENDERING] ?? 'false'}`;
}
