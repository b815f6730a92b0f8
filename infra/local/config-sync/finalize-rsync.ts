import type { Inventory } from './apply-declared.ts';
import { APPLYSET_PART_OF, OWNING_INVENTORY } from './child-metadata.ts';
import { RECONCILER_FINALIZER, withFinalizers } from './claim-rsync.ts';
import { removeCondition, setCondition } from './conditions.ts';
import { type KubeClient, KubeError, orAbsent } from './kube-client.ts';
import type { Lifetime } from './lifetime.ts';
import { API_RETRY, RECONCILE_POLL } from './limits.ts';
import { type Pace, scaleAttempt } from './pace.ts';
import type { RSync } from './rsync.ts';
import { updateStatus } from './update-status.ts';

export interface FinalizerDeps {
  readonly kube: KubeClient;
  readonly pace: Pace;
  /** Of the whole reconciler. */
  readonly lifetime: Lifetime;
  /** Of its sync attempts alone, which end before anything is finalized. */
  readonly syncing: Lifetime;
  readonly inventory: Inventory;
}

const FOREGROUND = 'Foreground';
const PROPAGATION = 'configsync.gke.io/deletion-propagation-policy';
const PREFIXES = ['configsync.gke.io/', 'configmanagement.gke.io/'];
const OWN = [OWNING_INVENTORY, APPLYSET_PART_OF, 'app.kubernetes.io/managed-by'];

/**
 * The reconciler's finalizer controller: puts its finalizer on an RSync, and, once that is being deleted, stops
 * syncing, deletes (policy Foreground) or releases what was applied, and takes the finalizer off again. An object that
 * is being deleted without the finalizer is none of its business: it goes on being synced.
 */
export function startFinalizer(deps: FinalizerDeps): { observe: (rsync: RSync) => void } {
  const { kube, pace, lifetime, syncing, inventory } = deps;
  let latest: RSync | undefined;
  let working = false;

  async function work(): Promise<void> {
    if (working) return;
    working = true;
    try {
      while (latest !== undefined && !lifetime.ended()) {
        const rsync = latest;
        latest = undefined;
        await reconcile(rsync);
      }
    } catch (error) {
      if (error instanceof KubeError && error.code === 404) return;
      lifetime.after(scaleAttempt(pace, API_RETRY), retry);
      if (!(error instanceof KubeError && error.code === 409)) throw error;
    } finally {
      working = false;
    }
  }

  let seen: RSync | undefined;
  async function retry(): Promise<void> {
    if (seen !== undefined) latest = await kube.get(seen);
    await work();
  }

  async function reconcile(rsync: RSync): Promise<void> {
    const has = rsync.finalizers.includes(RECONCILER_FINALIZER);
    if (!rsync.deleting) {
      const finalizers = [...rsync.finalizers, RECONCILER_FINALIZER];
      if (!has) await kube.replace(rsync, withFinalizers(rsync, finalizers));
      return;
    }
    if (has) await finalize(rsync);
  }

  async function finalize(known: RSync): Promise<void> {
    await syncing.end();
    const rsync = await kube.get(known);
    if (!rsync.finalizers.includes(RECONCILER_FINALIZER)) return;
    const now = new Date(lifetime.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
    const message = 'Deleting managed resource objects';
    const text = { status: 'True', reason: 'ResourcesDeleting', message };
    await updateStatus(kube, rsync, (status) =>
      setCondition(status, 'ReconcilerFinalizing', text, now),
    );
    const children = await readChildren();
    if (rsync.annotations[PROPAGATION] === FOREGROUND) await removeAll(children);
    else for (const child of children) await release(child);
    inventory.clear();
    const current = await kube.get(rsync);
    const done = await updateStatus(kube, current, (status) =>
      removeCondition(status, 'ReconcilerFinalizing'),
    );
    const finalizers = done.finalizers.filter((entry) => entry !== RECONCILER_FINALIZER);
    await kube.replace(done, withFinalizers(done, finalizers));
  }

  async function readChildren(): Promise<RSync[]> {
    const read = [...inventory.values()].map((child) => kube.get(child).catch(orAbsent));
    return (await Promise.all(read)).filter((child) => child !== undefined);
  }

  /** Waits until each is gone, whatever finalizers it has. */
  async function removeAll(children: readonly RSync[]): Promise<void> {
    for (const child of children) if (!child.deleting) await kube.remove(child);
    while (!lifetime.ended() && (await readChildren()).length > 0) {
      await lifetime.pause(scaleAttempt(pace, RECONCILE_POLL));
    }
  }

  async function release(child: RSync): Promise<void> {
    const nullsOf = (map: Readonly<Record<string, string>>) =>
      Object.fromEntries(
        Object.keys(map)
          .filter((key) => OWN.includes(key) || PREFIXES.some((prefix) => key.startsWith(prefix)))
          .map((key) => [key, null]),
      );
    const metadata = { labels: nullsOf(child.labels), annotations: nullsOf(child.annotations) };
    await kube.merge(child, { metadata });
  }

  return {
    observe(rsync) {
      latest = rsync;
      seen = rsync;
      lifetime.launch(work);
    },
  };
}
