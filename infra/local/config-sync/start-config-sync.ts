import { type Clock, systemClock } from '../pubsub/backlog.ts';
import { API_RETRY, createKubeClient, KubeError } from './kube-client.ts';
import { createLifetime } from './lifetime.ts';
import { type ManagedRSync, manageRSync } from './manage-rsync.ts';
import { type Pace, scaleAttempt } from './pace.ts';
import {
  describeRSync,
  MANAGER_USER,
  type RSync,
  readRSync,
  type SyncKind,
  eventSchema,
} from './rsync.ts';

/** Seconds that one watch stays open; below the 300 after which fetch gives up on a silent body. Own. */
const WATCH_SECONDS = 240;

/** One line of a watch: no object in etcd is larger than 1.5 MiB. Own. */
const WATCH_LINE_LIMIT = 4 * 1024 * 1024;

interface ConfigSyncOptions {
  /** The cluster's name, for errors. */
  readonly name: string;
  /** The cluster's API, without a path. */
  readonly kubeUrl: string;
  readonly pace: Pace;
  /** Milliseconds until it begins; at once without. */
  readonly startAfterMs?: number;
  /** Whether Config Sync's own admission webhook is on; off by default, as there. */
  readonly webhook?: boolean;
  readonly clock?: Clock;
  /** Failures that it goes on after: an API server that does not answer, an object that cannot be read. */
  readonly onError?: (error: Error) => void;
}

interface RunningConfigSync {
  /** Tries every pull that failed again now, as a person does who restarts the reconcilers: the back-off begins anew. */
  retryPulls: () => void;
  /** Ends every reconciler, watch, pull and timer; resolves when nothing runs any more. */
  close: () => Promise<void>;
}

/**
 * Config Sync for one cluster, as far as Countersign can see it (docs/facts/config-sync.md): reconciler-manager, oci-sync,
 * helm-sync and the reconcilers, over HTTP to the cluster and to registries. It pulls, announces, and reports; of what
 * it pulls it applies RootSyncs and RepoSyncs, and nothing else. Numbers are those of a real cluster, where they are not
 * marked "Own"; `pace.ts` says which of them a local world shortens.
 *
 * @example const sync = startConfigSync({ name: 'cluster-1', kubeUrl: kube.url, pace });
 */
export function startConfigSync(options: ConfigSyncOptions): RunningConfigSync {
  const { name, kubeUrl, pace, startAfterMs = 0, webhook = false } = options;
  const { clock = systemClock, onError = () => undefined } = options;
  const report = (cause: unknown): void => {
    const why = cause instanceof Error ? cause.message : String(cause);
    onError(new Error(`Config Sync of ${name}: ${why}`, { cause }));
  };
  const lifetime = createLifetime({ clock, onError: report });
  const kube = createKubeClient({ url: kubeUrl, user: MANAGER_USER, lifetime });
  const managed = new Map<string, ManagedRSync>();

  function keep(rsync: RSync): void {
    const known = managed.get(describeRSync(rsync));
    if (known?.uid === rsync.uid) {
      known.observe(rsync);
      return;
    }
    // Deleted and created anew between two looks: another object, with another reconciler.
    remove(describeRSync(rsync));
    const place = { cluster: name, kubeUrl, pace, webhook };
    const made = manageRSync(rsync, { ...place, lifetime: lifetime.child() });
    managed.set(describeRSync(rsync), made);
  }

  function remove(key: string): void {
    const known = managed.get(key);
    managed.delete(key);
    if (known !== undefined) lifetime.launch(known.stop);
  }

  /**
   * Follows one kind in the whole cluster, by one list and one watch. However a watch ends, the list is made anew; a
   * cluster that does not answer is asked again and again.
   */
  async function follow(kind: SyncKind): Promise<void> {
    try {
      const { resourceVersion, rsyncs } = await kube.list(kind);
      const listed = new Set(rsyncs.map(describeRSync));
      const gone = [...managed.keys()].filter((key) => key.startsWith(kind) && !listed.has(key));
      gone.forEach(remove);
      rsyncs.forEach(keep);
      await lifetime.limit(WATCH_TIMEOUT, async (signal) => {
        const since = { since: resourceVersion, seconds: WATCH_SECONDS, signal };
        for await (const line of linesOf(await kube.watch(kind, since))) take(kind, line);
      });
    } finally {
      lifetime.after(scaleAttempt(pace, API_RETRY), () => follow(kind));
    }
  }

  function take(kind: SyncKind, line: string): void {
    const { type, object } = eventSchema.parse(JSON.parse(line));
    if (type === 'ERROR') throw new KubeError(410, 'watch has to begin anew');
    if (type === 'BOOKMARK') return;
    const rsync = readRSync(kind, object);
    if (type === 'DELETED') remove(describeRSync(rsync));
    else keep(rsync);
  }

  function begin(): void {
    for (const kind of ['RootSync', 'RepoSync'] as const) lifetime.launch(() => follow(kind));
  }

  if (startAfterMs === 0) begin();
  else lifetime.after(startAfterMs, async () => begin());
  return {
    retryPulls() {
      for (const { retryPull } of managed.values()) retryPull();
    },
    close: () => lifetime.end(),
  };
}

/** A signal that never aborts by time: watches end by their own `timeoutSeconds`. */
const WATCH_TIMEOUT = 2 * WATCH_SECONDS * 1000;

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > WATCH_LINE_LIMIT) throw new Error('watch event is too large');
    for (const line of lines) if (line !== '') yield line;
  }
}
