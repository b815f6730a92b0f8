import { type Clock, systemClock } from '../pubsub/backlog.ts';
import { createKubeClient, type KubeClient, KubeError } from './kube-client.ts';
import { createLifetime, type Lifetime } from './lifetime.ts';
import { API_RETRY, WATCH_LINE_LIMIT, WATCH_SECONDS } from './limits.ts';
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

interface ConfigSyncOptions {
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

interface RunningConfigSync {
  /** Ends every reconciler, watch, pull and timer; resolves when nothing runs any more. */
  close: () => Promise<void>;
}

/**
 * Config Sync for one cluster, as far as Countersign can see it (docs/facts/config-sync.md): reconciler-manager, oci-sync,
 * helm-sync and the reconcilers, over HTTP to the cluster and to registries. It pulls, announces, and reports; of what
 * it pulls it applies RootSyncs and RepoSyncs, and nothing else.
 *
 * @example const sync = startConfigSync({ name: 'cluster-1', kubeUrl: kube.url, pace });
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

/** Told of every RSync that is there and every change of one, and of each that is gone. */
interface Follower {
  readonly onObject: (rsync: RSync) => void;
  readonly onGone: (rsync: RSync) => void;
}

/** A signal that never aborts by time: watches end by their own `timeoutSeconds`. */
const WATCH_TIMEOUT = 2 * WATCH_SECONDS * 1000;

/**
 * Follows one kind in the whole cluster, by one list and one watch, until the lifetime ends. However a watch ends, the
 * list is made anew; a cluster that does not answer is asked again and again.
 */
function followRSyncs(
  kind: SyncKind,
  follower: Follower,
  deps: { kube: KubeClient; pace: Pace; lifetime: Lifetime },
): void {
  const { kube, pace, lifetime } = deps;
  const known = new Map<string, RSync>();

  async function turn(): Promise<void> {
    try {
      const { resourceVersion, rsyncs } = await kube.list(kind);
      const names = new Set(rsyncs.map(keyOf));
      for (const [key, rsync] of known) if (!names.has(key)) remove(rsync);
      for (const rsync of rsyncs) keep(rsync);
      await lifetime.limit(WATCH_TIMEOUT, async (signal) => {
        const options = { since: resourceVersion, seconds: WATCH_SECONDS, signal };
        for await (const line of linesOf(await kube.watch(kind, options))) take(line);
      });
    } finally {
      lifetime.after(scaleAttempt(pace, API_RETRY), turn);
    }
  }

  function take(line: string): void {
    const { type, object } = eventSchema.parse(JSON.parse(line));
    if (type === 'ERROR') throw new KubeError(410, 'watch has to begin anew');
    if (type === 'BOOKMARK') return;
    const rsync = readRSync(kind, object);
    if (type === 'DELETED') remove(rsync);
    else keep(rsync);
  }

  function keep(rsync: RSync): void {
    known.set(keyOf(rsync), rsync);
    follower.onObject(rsync);
  }

  function remove(rsync: RSync): void {
    known.delete(keyOf(rsync));
    follower.onGone(rsync);
  }

  lifetime.launch(turn);
}

function keyOf({ namespace, name }: RSync): string {
  return `${namespace}/${name}`;
}

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
