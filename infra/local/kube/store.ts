import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';

/** Changes kept for watches and list pages; a client that is further behind is answered 410. */
const MAX_HISTORY = 10_000;

/** Requests remembered for tests; the oldest are forgotten first. */
const MAX_REQUESTS = 50_000;

const stringMap = z.record(z.string(), z.string());

/** Go clients send `creationTimestamp: null`; the API server reads null as absent. */
function dropNulls(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== null));
}

const metadataSchema = z.preprocess(
  dropNulls,
  z.looseObject({
    name: z.string().default(''),
    generateName: z.string().optional(),
    namespace: z.string().optional(),
    uid: z.string().optional(),
    resourceVersion: z.string().optional(),
    generation: z.int().optional(),
    creationTimestamp: z.string().optional(),
    deletionTimestamp: z.string().optional(),
    deletionGracePeriodSeconds: z.int().optional(),
    labels: stringMap.optional(),
    annotations: stringMap.optional(),
    finalizers: z.array(z.string()).optional(),
    ownerReferences: z.array(z.looseObject({})).optional(),
  }),
);

/** What every request body must be: any object, with the metadata that the server works on. */
export const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
});

/** One Kubernetes object. Stored objects are never changed in place. */
export type KubeObject = z.infer<typeof objectSchema>;
export type Metadata = KubeObject['metadata'];

/** Whether a value is a plain JSON object, not an array and not null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a dotted path, or undefined where a step is missing. */
export function valueAt(value: unknown, path: string): unknown {
  let current = value;
  for (const step of path.split('.')) {
    if (!isRecord(current) || !Object.hasOwn(current, step)) return undefined;
    current = current[step];
  }
  return current;
}

/** One request that reached the server, for tests that count and check calls. */
interface RequestRecord {
  verb: string;
  user: string;
  path: string;
  fieldManager: string;
  at: Date;
}

/** One committed change; `previous` lets lists be read as they were before it. */
export interface StoreEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  plural: string;
  revision: number;
  object: KubeObject;
  previous?: KubeObject;
}

/** The state of one cluster: objects by plural name, one revision counter, recent history. */
export interface Store {
  readonly requests: readonly RequestRecord[];
  record: (request: RequestRecord) => void;
  revision: () => number;
  get: (plural: string, namespace: string, name: string) => KubeObject | undefined;
  list: (plural: string) => KubeObject[];
  /** The list as it was at a revision; undefined once that is forgotten. */
  listAt: (plural: string, revision: number) => KubeObject[] | undefined;
  /** Changes after a revision, oldest first; undefined once they are forgotten. */
  eventsSince: (plural: string, revision: number) => StoreEvent[] | undefined;
  /** Replaces exactly `previous`; undefined where another write got in between. */
  commit: (plural: string, previous?: KubeObject, next?: KubeObject) => KubeObject | undefined;
  /** Puts an object past admission and every check, for seeding. */
  put: (plural: string, object: KubeObject) => KubeObject;
  subscribe: (listener: (event: StoreEvent) => void) => () => void;
  subscribers: () => number;
  /** Forgets all history, as a compaction does: older watches and pages get 410. */
  expire: () => void;
}

/**
 * An empty store; `clock` dates what `put` seeds.
 *
 * @example const store = createStore({ clock: () => new Date() });
 */
export function createStore(deps: { clock: () => Date }): Store {
  const tables = new Map<string, Map<string, KubeObject>>();
  const listeners = new Set<(event: StoreEvent) => void>();
  const requests: RequestRecord[] = [];
  let history: StoreEvent[] = [];
  let revision = 1;
  let floor = revision;

  function table(plural: string): Map<string, KubeObject> {
    const found = tables.get(plural) ?? new Map<string, KubeObject>();
    tables.set(plural, found);
    return found;
  }

  function list(plural: string): KubeObject[] {
    return [...table(plural).values()].toSorted(byKey);
  }

  function listAt(plural: string, at: number): KubeObject[] | undefined {
    if (at < floor) return undefined;
    const objects = new Map(table(plural));
    for (const event of history.toReversed()) {
      if (event.revision <= at) break;
      if (event.plural !== plural) continue;
      const key = keyOf(event.object);
      if (event.previous === undefined) objects.delete(key);
      else objects.set(key, event.previous);
    }
    return [...objects.values()].toSorted(byKey);
  }

  function eventsSince(plural: string, since: number): StoreEvent[] | undefined {
    if (since < floor) return undefined;
    return history.filter((event) => event.revision > since && event.plural === plural);
  }

  function commit(plural: string, previous?: KubeObject, next?: KubeObject) {
    const subject = next ?? previous;
    if (subject === undefined) return undefined;
    const key = keyOf(subject);
    if (table(plural).get(key) !== previous) return undefined;
    revision += 1;
    const metadata = { ...subject.metadata, resourceVersion: String(revision) };
    const object = { ...subject, metadata };
    if (next === undefined) table(plural).delete(key);
    else table(plural).set(key, object);
    const type = next === undefined ? 'DELETED' : previous === undefined ? 'ADDED' : 'MODIFIED';
    publish({ type, plural, revision, object, ...defined({ previous }) });
    return object;
  }

  function publish(event: StoreEvent): void {
    history.push(event);
    if (history.length > MAX_HISTORY) floor = history.shift()?.revision ?? floor;
    for (const listener of listeners) listener(event);
  }

  function put(plural: string, object: KubeObject): KubeObject {
    const creationTimestamp = timestamp(deps.clock());
    const system = { uid: randomUUID(), creationTimestamp, generation: 1 };
    const seed = structuredClone({ ...object, metadata: { ...system, ...object.metadata } });
    return commit(plural, table(plural).get(keyOf(seed)), seed) ?? seed;
  }

  return {
    requests,
    record(request) {
      requests.push(request);
      if (requests.length > MAX_REQUESTS) requests.shift();
    },
    revision: () => revision,
    get: (plural, namespace, name) => table(plural).get(`${namespace}/${name}`),
    list,
    listAt,
    eventsSince,
    commit,
    put,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    subscribers: () => listeners.size,
    expire() {
      history = [];
      floor = revision;
    },
  };
}

/** A time as Kubernetes writes it: RFC 3339 in UTC, whole seconds. */
export function timestamp(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

/** Where an object sorts within its kind: `<namespace>/<name>`. */
export function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

function byKey(a: KubeObject, b: KubeObject): number {
  return keyOf(a) < keyOf(b) ? -1 : 1;
}
