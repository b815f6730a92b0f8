import { type KubeClient, KubeError } from './kube-client.ts';
import type { Lifetime } from './lifetime.ts';
import { API_RETRY, WATCH_LINE_LIMIT, WATCH_SECONDS } from './limits.ts';
import { type Pace, scaleAttempt } from './pace.ts';
import { type RSync, readRSync, type SyncKind } from './rsync.ts';
import { eventSchema } from './schema.ts';

/** Told of every RSync that is there and every change of one, and of each that is gone. */
export interface Follower {
  readonly onObject: (rsync: RSync) => void;
  readonly onGone: (rsync: RSync) => void;
}

/** A signal that never aborts by time: watches end by their own `timeoutSeconds`. */
const WATCH_TIMEOUT = 2 * WATCH_SECONDS * 1000;

/**
 * Follows one kind in the whole cluster, by one list and one watch, until the lifetime ends. However a watch ends, the
 * list is made anew; a cluster that does not answer is asked again and again.
 */
export function followRSyncs(
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
