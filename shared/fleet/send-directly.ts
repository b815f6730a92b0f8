import { LRUCache } from 'lru-cache';
import type * as Undici from 'undici';
import { tooLarge } from '#shared/net/read-body.ts';
import { IDLE_CONNECTION_MS } from './limits.ts';
import {
  ANSWER_HEADERS,
  type Bounds,
  type Incoming,
  type Outgoing,
  type Send,
  type Tls,
  answerOf,
  tooLate,
} from './send-request.ts';

/** Longer than any call: the deadline of the call comes first. */
const CONNECT_MS = 60_000;

/** More clusters with certificates of their own are called in turn by pools that are made anew. */
const MAX_POOLS = 1_000;

/** Kept: Node resolves and links anew at each `import()`, for what is loaded already too. */
let loaded: typeof Undici | undefined;

/** undici, which only functions load, and late: it needs a newer Node than the command, and costs a start. */
export async function loadUndici(): Promise<typeof Undici> {
  loaded ??= await import('undici');
  return loaded;
}

/**
 * Sends by undici, past every proxy: a call costs half the CPU of one by Node's own client (docs/adr/0049). Clusters
 * share a connection only where both address and TLS options are equal, and rotated certificates open new ones.
 *
 * @example
 * const { status, bytes } = await createDirectSend()({ server, path: '/version', method: 'GET', headers: {} }, limits);
 */
export function createDirectSend(): Send {
  const pools = new LRUCache<string, Undici.Agent>({
    max: MAX_POOLS,
    dispose: (pool) => void pool.close(),
  });
  return async (outgoing, bounds) => {
    const { Agent } = loaded ?? (await loadUndici());
    const { tls } = outgoing;
    const key = tls === undefined ? '' : JSON.stringify(tls);
    const pool = pools.get(key) ?? new Agent(poolOptions(tls));
    pools.set(key, pool);
    return exchange(pool, outgoing, bounds);
  };
}

function poolOptions(tls: Tls | undefined): Undici.Agent.Options {
  return {
    // One slow answer would hold up all others of a connection.
    allowH2: false,
    keepAliveTimeout: IDLE_CONNECTION_MS,
    keepAliveMaxTimeout: IDLE_CONNECTION_MS,
    // A call has one deadline, of its own.
    headersTimeout: 0,
    bodyTimeout: 0,
    connectTimeout: CONNECT_MS,
    connect: { ...tls },
  };
}

function exchange(
  pool: Undici.Agent,
  { server, path, method, headers, body }: Outgoing,
  { callMs, answerBytes }: Bounds,
): Promise<Incoming> {
  const { promise, resolve, reject } = Promise.withResolvers<Incoming>();
  const chunks: Buffer[] = [];
  let size = 0;
  let head: Pick<Incoming, 'status' | 'headers'> = { status: 0, headers: {} };
  let failure: Error | undefined;
  let request: Undici.Dispatcher.DispatchController | undefined;

  function giveUp(error: Error): void {
    failure = error;
    clearTimeout(timer);
    reject(error);
    request?.abort(error);
  }

  const timer = setTimeout(() => giveUp(tooLate(callMs)), callMs);
  pool.dispatch(
    { origin: server.origin, path, method, headers, body: body ?? null },
    {
      onRequestStart(controller) {
        request = controller;
        // Its connection came too late.
        if (failure !== undefined) controller.abort(failure);
      },
      onResponseStart(_, status, received) {
        head = { status, headers: firstOf(received) };
      },
      onResponseData(_, chunk) {
        size += chunk.length;
        if (size > answerBytes) giveUp(tooLarge(answerBytes, answerOf(server)));
        else chunks.push(chunk);
      },
      onResponseEnd() {
        clearTimeout(timer);
        const [first] = chunks;
        const bytes = first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks);
        resolve({ ...head, bytes });
      },
      onResponseError(_, error) {
        clearTimeout(timer);
        reject(error);
      },
    },
  );
  return promise;
}

/** Of a header that came twice the first counts, as in Node. */
function firstOf(
  received: Readonly<Record<string, string | string[] | undefined>>,
): Incoming['headers'] {
  const headers: Record<string, string> = {};
  for (const name of ANSWER_HEADERS) {
    const [value] = [received[name]].flat();
    if (value !== undefined) headers[name] = value;
  }
  return headers;
}
