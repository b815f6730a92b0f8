import { type Clock, systemClock } from '../pubsub/backlog.ts';
import { followRSyncs } from './follow-rsyncs.ts';
import { createKubeClient } from './kube-client.ts';
import { createLifetime } from './lifetime.ts';
import { type ManagedRSync, manageRSync } from './manage-rsync.ts';
import type { Pace } from './pace.ts';
import { describeRSync, MANAGER_USER, type RSync } from './rsync.ts';

export interface ConfigSyncOptions {
  /** The cluster's name, for errors. */
  readonly name: string;
  /** The cluster's API, without a path. */
  readonly kubeUrl: string;
  readonly pace: Pace;
  /** Whether Config Sync's own admission webhook is on; off by default, as there. */
  readonly webhook?: boolean;
  readonly clock?: Clock;
  /** Failures that it goes on after: an API server that does not answer, an object that cannot be read. */
  readonly onError?: (error: Error) => void;
}

export interface RunningConfigSync {
  /** Ends every reconciler, watch, pull and timer; resolves when nothing runs any more. */
  close: () => Promise<void>;
}

/**
 * Config Sync for one cluster, as far as Countersign can see it (facts/config-sync.md): reconciler-manager, oci-sync,
 * helm-sync and the reconcilers, over HTTP to the cluster and to registries. It pulls, announces, and reports; of what
 * it pulls it applies RootSyncs and RepoSyncs, and nothing else.
 */
export function startConfigSync(options: ConfigSyncOptions): RunningConfigSync {
  const { name, kubeUrl, pace, clock = systemClock, onError = () => undefined } = options;
  const { webhook = false } = options;
  const report = (cause: unknown): void => {
    const why = cause instanceof Error ? cause.message : String(cause);
    onError(new Error(`Config Sync of ${name}: ${why}`, { cause }));
  };
  const lifetime = createLifetime({ clock, onError: report });
  const kube = createKubeClient({ url: kubeUrl, user: MANAGER_USER, lifetime });
  const managed = new Map<string, ManagedRSync>();

  function onObject(rsync: RSync): void {
    const known = managed.get(describeRSync(rsync));
    if (known?.uid === rsync.uid) {
      known.observe(rsync);
      return;
    }
    // Deleted and created anew between two looks: another object, with another reconciler.
    if (known !== undefined) onGone(rsync);
    const own = lifetime.child();
    managed.set(
      describeRSync(rsync),
      manageRSync(rsync, { cluster: name, kubeUrl, pace, lifetime: own, webhook }),
    );
  }

  function onGone(rsync: RSync): void {
    const known = managed.get(describeRSync(rsync));
    managed.delete(describeRSync(rsync));
    if (known !== undefined) lifetime.launch(known.stop);
  }

  for (const kind of ['RootSync', 'RepoSync'] as const) {
    followRSyncs(kind, { onObject, onGone }, { kube, pace, lifetime });
  }
  return { close: () => lifetime.end() };
}
