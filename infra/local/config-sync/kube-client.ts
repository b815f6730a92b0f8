import { isDeepStrictEqual } from 'node:util';
import { defined } from '#shared/core/defined.ts';
import { parseJson } from '#shared/net/json.ts';
import type { Lifetime } from './lifetime.ts';
import { type Pace, scaleAttempt } from './pace.ts';
import {
  type Named,
  type RSync,
  readRSync,
  type SyncKind,
  listSchema,
  namespaceSchema,
  refusalSchema,
  type RSyncObject,
  type Status,
} from './rsync.ts';

/** One request to the cluster: `spec.override.apiServerTimeout`. Not shortened. */
const API_TIMEOUT = 15_000;

/** Between two tries at reaching the cluster, or at writing a status. Own. */
export const API_RETRY = 1_000;

/** How often a status is computed again after another write got in between. */
const MAX_CONFLICTS = 5;

/** The reconcilers' field manager, of every write (docs/facts/config-sync.md#image-to-sync). */
const FIELD_MANAGER = 'configsync.gke.io';
const API = '/apis/configsync.gke.io/v1beta1';
const MERGE = 'application/merge-patch+json';
const APPLY = 'application/apply-patch+yaml';

/** An answer of the API server that is not 2xx; the message is the server's own. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** For `catch`: undefined for an object that is not there; any other failure goes on. */
export function orAbsent(error: unknown): undefined {
  if (error instanceof KubeError && error.code === 404) return undefined;
  throw error;
}

/** What one identity asks of one cluster. */
export interface KubeClient {
  list: (kind: SyncKind) => Promise<{ resourceVersion: string; rsyncs: RSync[] }>;
  /** The body of a watch from a resourceVersion on. */
  watch: (
    kind: SyncKind,
    options: { since: string; seconds: number; signal: AbortSignal },
  ) => Promise<ReadableStream<Uint8Array>>;
  get: (rsync: Named) => Promise<RSync>;
  /** Server-side apply of what is declared, by force (docs/facts/config-sync.md#drift); creates what is not there. */
  apply: (rsync: Named, object: object) => Promise<void>;
  /** JSON merge patch of the main resource, without a resourceVersion: null removes the annotation. */
  annotate: (rsync: RSync, key: string, value: string | null) => Promise<RSync>;
  /** JSON merge patch of the main resource, whatever its version. */
  merge: (rsync: Named, patch: object) => Promise<RSync>;
  /** Replaces all but `status`; 409 where the object changed since it was read. */
  replace: (rsync: Named, object: RSyncObject) => Promise<RSync>;
  remove: (rsync: Named) => Promise<void>;
  /** Whether the namespace is on its way out, or gone. */
  isTerminating: (namespace: string) => Promise<boolean>;
  /** Replaces `status`; 409 where the object changed since it was read. */
  putStatus: (rsync: RSync, status: Status) => Promise<RSync>;
}

/**
 * A client whose requests go as `user`, by impersonation.
 *
 * @example const kube = createKubeClient({ url: kubeUrl, user: MANAGER_USER, lifetime });
 */
export function createKubeClient(deps: {
  url: string;
  user: string;
  lifetime: Lifetime;
  fieldManager?: string;
}): KubeClient {
  const { url, user, lifetime, fieldManager = FIELD_MANAGER } = deps;

  async function send(path: string, init: RequestInit, type?: string): Promise<Response> {
    const headers = defined({ 'impersonate-user': user, 'content-type': type });
    const response = await fetch(`${url}${path}`, { ...init, headers });
    if (response.ok) return response;
    const body = await response.text();
    const { message = `${response.status} ${body}`.trim() } =
      refusalSchema.safeParse(parseJson(body)).data ?? {};
    throw new KubeError(response.status, message);
  }

  function ask(method: string, path: string): Promise<unknown> {
    return lifetime.limit(API_TIMEOUT, async (signal) =>
      (await send(path, { method, signal })).json(),
    );
  }

  function write(method: string, path: string, body: object, type = 'application/json') {
    const written = `${path}?fieldManager=${fieldManager}${type === APPLY ? '&force=true' : ''}`;
    return lifetime.limit(API_TIMEOUT, async (signal): Promise<unknown> => {
      return (await send(written, { method, signal, body: JSON.stringify(body) }, type)).json();
    });
  }

  async function merge(rsync: Named, patch: object): Promise<RSync> {
    return readRSync(rsync.kind, await write('PATCH', pathOf(rsync), patch, MERGE));
  }

  return {
    async list(kind) {
      const list = listSchema.parse(await ask('GET', `${API}/${pluralOf(kind)}`));
      const rsyncs = list.items.map((item) => readRSync(kind, item));
      return { resourceVersion: list.metadata.resourceVersion, rsyncs };
    },
    async watch(kind, { since, seconds, signal }) {
      const query = `watch=true&resourceVersion=${since}&timeoutSeconds=${seconds}`;
      const { body } = await send(`${API}/${pluralOf(kind)}?${query}`, { signal });
      if (body === null) throw new KubeError(502, 'watch has no body');
      return body;
    },
    async get(rsync) {
      return readRSync(rsync.kind, await ask('GET', pathOf(rsync)));
    },
    async apply(rsync, object) {
      await write('PATCH', pathOf(rsync), object, APPLY);
    },
    annotate: (rsync, key, value) => merge(rsync, { metadata: { annotations: { [key]: value } } }),
    merge,
    async replace(rsync, object) {
      return readRSync(rsync.kind, await write('PUT', pathOf(rsync), object));
    },
    async remove(rsync) {
      await ask('DELETE', pathOf(rsync)).catch(orAbsent);
    },
    async isTerminating(namespace) {
      const answer = await ask('GET', `/api/v1/namespaces/${namespace}`).catch(orAbsent);
      return namespaceSchema.safeParse(answer).data?.metadata.deletionTimestamp !== null;
    },
    async putStatus(rsync, status) {
      const body = { ...rsync.object, status };
      return readRSync(rsync.kind, await write('PUT', `${pathOf(rsync)}/status`, body));
    },
  };
}

function pluralOf(kind: SyncKind): string {
  return kind === 'RootSync' ? 'rootsyncs' : 'reposyncs';
}

function pathOf({ kind, namespace, name }: Named): string {
  return `${API}/namespaces/${namespace}/${pluralOf(kind)}/${name}`;
}

const TIMES = new Set(['lastUpdate', 'lastUpdateTime', 'lastTransitionTime']);

/**
 * Changes `status` from what it is now, again where another write got in between; nothing is written where only times
 * would change. Throws `KubeError`, 404 for an object that is gone or was created anew.
 */
export async function updateStatus(
  kube: Pick<KubeClient, 'get' | 'putStatus'>,
  rsync: RSync,
  change: (status: Status) => Status,
): Promise<RSync> {
  let current = rsync;
  for (let attempt = 0; ; attempt += 1) {
    const status = change(current.status);
    if (sameStatus(current.status, status)) return current;
    try {
      return await kube.putStatus(current, status);
    } catch (error) {
      const conflict = error instanceof KubeError && error.code === 409;
      if (!conflict || attempt >= MAX_CONFLICTS) throw error;
      current = await kube.get(rsync);
      if (current.uid !== rsync.uid)
        throw new KubeError(404, 'object was deleted and created anew');
    }
  }
}

/** Whether two statuses say the same, whenever they said it. */
export function sameStatus(one: Status, other: Status): boolean {
  return isDeepStrictEqual(withoutTimes(one), withoutTimes(other));
}

function withoutTimes(status: Status): unknown {
  return JSON.parse(
    JSON.stringify(status, (key, value: unknown) => (TIMES.has(key) ? undefined : value)),
  );
}

/**
 * Shows each state of an RSync to `pass`, one pass at a time and always over the newest; after a failure again over
 * what is stored then. Returns what takes a state in.
 */
export function onNewest(
  pass: (rsync: RSync) => Promise<void>,
  deps: { kube: Pick<KubeClient, 'get'>; pace: Pace; lifetime: Lifetime },
): (rsync: RSync) => void {
  const { kube, pace, lifetime } = deps;
  let newest: RSync | undefined;
  let working = false;

  async function work(): Promise<void> {
    if (working) return;
    working = true;
    let rsync = newest;
    try {
      for (; rsync !== undefined && !lifetime.ended(); rsync = newest) {
        newest = undefined;
        await pass(rsync);
      }
    } catch (error) {
      const failed = rsync;
      lifetime.after(scaleAttempt(pace, API_RETRY), async () => {
        const stored = failed && (await kube.get(failed).catch(orAbsent));
        if (stored?.uid === failed?.uid) newest ??= stored;
        await work();
      });
      // Gone, or changed, meanwhile: the watch says so too.
      if (!(error instanceof KubeError && [404, 409].includes(error.code))) throw error;
    } finally {
      working = false;
    }
  }

  return (rsync) => {
    newest = rsync;
    lifetime.launch(work);
  };
}
