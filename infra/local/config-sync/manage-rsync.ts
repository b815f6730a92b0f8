import type { Inventory } from './apply-declared.ts';
import {
  claimRSync,
  MANAGER_FINALIZER,
  RECONCILER_FINALIZER,
  withFinalizers,
  startFinalizer,
} from './finalizers.ts';
import { createKubeClient, KubeError, orAbsent, updateStatus } from './kube-client.ts';
import type { Lifetime } from './lifetime.ts';
import { API_RETRY } from './limits.ts';
import { beginRollout, finishRollout, stall } from './status.ts';
import { formatTime, type Pace, scaleAttempt } from './pace.ts';
import { startReconciler } from './reconciler.ts';
import { REQUIRES_RENDERING } from './render.ts';
import { MANAGER_USER, reconcilerOf, type RSync, userOf, type Spec, type Status } from './rsync.ts';
import { startSource } from './source.ts';
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
  readonly finalizer: ReturnType<typeof startFinalizer>;
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
      lifetime.after(scaleAttempt(pace, API_RETRY), retry);
      // Gone, or changed, meanwhile: the watch says so too.
      if (!(error instanceof KubeError && [404, 409].includes(error.code))) throw error;
    } finally {
      working = false;
    }
  }

  /** The newest object may be one that no event has brought yet. */
  async function retry(): Promise<void> {
    const current = await kube.get(latest).catch(orAbsent);
    if (current?.uid === first.uid) latest = current;
    await work();
  }

  async function reconcile(known: RSync): Promise<void> {
    if (known.deleting) return finish(known);
    if (validateRSync(known) !== undefined) return invalid(known);
    const rsync = await claimRSync(kube, known);
    const observed = { generation: rsync.generation, reconciler: reconcilerOf(rsync) };
    if (rsync.spec === undefined) return;
    if (deployment?.template !== templateOf(rsync)) {
      await change(rsync, (status, now) => beginRollout(status, observed, now));
      await rollOut(rsync, rsync.spec);
    } else {
      deployment.finalizer.observe(rsync);
      if (!deployment.ready) return;
      await change(rsync, (status, now) => finishRollout(status, observed, now));
    }
  }

  function change(rsync: RSync, next: (status: Status, now: string) => Status): Promise<RSync> {
    const now = formatTime(lifetime.clock.now());
    return updateStatus(kube, rsync, (status) => next(status, now));
  }

  async function invalid(rsync: RSync): Promise<void> {
    const observed = { generation: rsync.generation, reconciler: reconcilerOf(rsync) };
    const problem = validateRSync(rsync) ?? '';
    await change(rsync, (status, now) => stall(status, observed, problem, now));
  }

  async function finish(rsync: RSync): Promise<void> {
    const { finalizers, spec } = rsync;
    if (finalizers.includes(RECONCILER_FINALIZER)) {
      const terminating = rsync.kind === 'RepoSync' && (await kube.isTerminating(rsync.namespace));
      if (terminating) await takeOff(rsync, RECONCILER_FINALIZER);
      // After a restart of this process no reconciler is there that could finalize.
      else if (deployment === undefined && spec !== undefined) await rollOut(rsync, spec);
      else deployment?.finalizer.observe(rsync);
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
    const finalizer = startFinalizer({ ...shared, kube: kubeWithin(own), lifetime: own, syncing });
    const template = templateOf(rsync);
    const made: Deployment = { template, lifetime: own, finalizer, ready: false };
    deployment = made;
    own.after(pace.rolloutMs, async () => {
      made.ready = true;
      const source = startSource(spec, { pace, lifetime: syncing });
      const options = { kube: kubeWithin(syncing), lifetime: syncing, cluster, webhook };
      startReconciler({ rsync, spec, source, ...shared, ...options });
      finalizer.observe(latest);
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

/** What decides over the pod: another one is another rollout. */
function templateOf({ generation, annotations }: RSync): string {
  return `${generation} ${annotations[REQUIRES_RENDERING] ?? 'false'}`;
}
