import * as z from 'zod';
import {
  applySetId,
  APPLYSET_PART_OF,
  type Inventory,
  OWNING_INVENTORY,
} from './apply-declared.ts';
import { removeCondition, setCondition } from './status.ts';
import {
  formatDuration,
  formatTime,
  type Pace,
  parseDuration,
  RECONCILE_POLL,
  scaleAttempt,
} from './pace.ts';
import { type KubeClient, onNewest, orAbsent, updateStatus } from './kube-client.ts';
import type { Lifetime } from './lifetime.ts';
import { type RSync, type RSyncObject, rsyncSchema } from './rsync.ts';

export const MANAGER_FINALIZER = 'configsync.gke.io/reconciler-manager';
export const RECONCILER_FINALIZER = 'configsync.gke.io/reconciler';
const APPLYSET_ID = 'applyset.kubernetes.io/id';
export const APPLYSET_TOOLING = 'applyset.kubernetes.io/tooling';
const TOOLING = 'configsync.gke.io/v1';
const SOURCES = ['git', 'oci', 'helm'] as const;

const sourceSchema = z.looseObject({ period: z.string().default('0s') }).optional();
const sourcesSchema = z.looseObject({ git: sourceSchema, oci: sourceSchema, helm: sourceSchema });

/**
 * What reconciler-manager writes on an RSync at first sight: its finalizer, by a whole update out of Go's types, which
 * spell out `period`; then what marks it as the parent of an ApplySet. Returns the object as it is then. Throws
 * `KubeError`, 409 where another write got in between.
 */
export async function claimRSync(
  kube: Pick<KubeClient, 'replace' | 'merge'>,
  rsync: RSync,
): Promise<RSync> {
  const claimed = rsync.finalizers.includes(MANAGER_FINALIZER)
    ? rsync
    : await kube.replace(rsync, withFinalizers(rsync, [...rsync.finalizers, MANAGER_FINALIZER]));
  const id = applySetId(claimed);
  const { labels, annotations } = claimed;
  if (labels[APPLYSET_ID] === id && annotations[APPLYSET_TOOLING] === TOOLING) return claimed;
  return kube.merge(claimed, {
    metadata: { labels: { [APPLYSET_ID]: id }, annotations: { [APPLYSET_TOOLING]: TOOLING } },
  });
}

/** The object with these finalizers, as a client sends it that works with Go's types. */
export function withFinalizers({ object }: RSync, finalizers: readonly string[]): RSyncObject {
  return rsyncSchema.parse({
    ...object,
    metadata: { ...object.metadata, finalizers },
    spec: spellOutPeriods(object.spec),
  });
}

/** Go writes every duration, in its own notation: none is `0s`, and `1h` is `1h0m0s`. */
function spellOutPeriods(spec: unknown): unknown {
  const parsed = sourcesSchema.safeParse(spec);
  if (!parsed.success) return spec;
  const sources = SOURCES.flatMap((name) => {
    const source = parsed.data[name];
    if (source === undefined) return [];
    const time = parseDuration(source.period);
    return [[name, { ...source, ...(time === undefined ? {} : { period: formatDuration(time) }) }]];
  });
  return { ...parsed.data, ...Object.fromEntries(sources) };
}

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
 * The reconciler's finalizer controller; what is returned takes every state of the RSync. It puts its finalizer on an RSync, and, once that is being deleted, stops
 * syncing, deletes (policy Foreground) or releases what was applied, and takes the finalizer off again. An object that
 * is being deleted without the finalizer is none of its business: it goes on being synced.
 */
export function startFinalizer(deps: FinalizerDeps): (rsync: RSync) => void {
  const { kube, pace, lifetime, syncing, inventory } = deps;

  async function reconcile(rsync: RSync): Promise<void> {
    const has = rsync.finalizers.includes(RECONCILER_FINALIZER);
    if (rsync.deleting && has) await finalize(rsync);
    if (rsync.deleting || has) return;
    await kube.replace(rsync, withFinalizers(rsync, [...rsync.finalizers, RECONCILER_FINALIZER]));
  }

  async function finalize(known: RSync): Promise<void> {
    await syncing.end();
    const rsync = await kube.get(known);
    if (!rsync.finalizers.includes(RECONCILER_FINALIZER)) return;
    const now = formatTime(lifetime.clock.now());
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

  return onNewest(reconcile, deps);
}
