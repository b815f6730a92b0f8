import {
  ApiException,
  CustomObjectsApi,
  type KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  Watch,
} from '@kubernetes/client-node';
import * as z from 'zod';

export const NAMESPACE = 'config-management-system';
const place = { group: 'configsync.gke.io', version: 'v1beta1', plural: 'rootsyncs' };

const rsyncSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    // Absent from what a dry run would create.
    resourceVersion: z.string().optional(),
    generation: z.int(),
    creationTimestamp: z.string(),
    deletionTimestamp: z.string().optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.looseObject({ oci: z.looseObject({ image: z.string() }).optional() }),
});
const listSchema = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ resourceVersion: z.string(), continue: z.string().optional() }),
  items: z.array(rsyncSchema),
});
const statusSchema = z.looseObject({
  kind: z.literal('Status'),
  status: z.string(),
  reason: z.string(),
  message: z.string(),
  code: z.int(),
});

export type RSyncList = z.infer<typeof listSchema>;
export type RSync = z.infer<typeof rsyncSchema>;
export type Failure = z.infer<typeof statusSchema>;
type Select = {
  limit?: number;
  _continue?: string;
  labelSelector?: string;
  fieldSelector?: string;
};

export interface RSyncClient {
  create: (body: object, options?: Write) => Promise<RSync>;
  get: (name: string, version?: string) => Promise<RSync>;
  list: (options?: Select) => Promise<RSyncList>;
  listIn: (namespace: string) => Promise<RSyncList>;
  merge: (name: string, body: object, options?: Write) => Promise<RSync>;
  patch: (name: string, type: string, body: object, options?: Write) => Promise<RSync>;
  mergeStatus: (name: string, body: object) => Promise<RSync>;
  replace: (name: string, body: object) => Promise<RSync>;
  remove: (name: string, options?: Write) => Promise<unknown>;
}

type Write = { dryRun?: string; fieldManager?: string; namespace?: string; force?: boolean };

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string; labels?: Record<string, string> };
  spec: object;
}

/** A RootSync manifest on an image, as a test sends it. */
export function manifest(name: string, image = 'registry.example/configs/platform:v1'): Manifest {
  return {
    apiVersion: 'configsync.gke.io/v1beta1',
    kind: 'RootSync',
    metadata: { name, namespace: NAMESPACE },
    spec: { sourceType: 'oci', oci: { image, auth: 'none' } },
  };
}

/** A RootSync in a set of its own, so that a test lists no others. */
export function labelled(name: string, set: string, labels: Record<string, string> = {}): Manifest {
  const body = manifest(name);
  return { ...body, metadata: { ...body.metadata, labels: { set, ...labels } } };
}

function header(type: string): ReturnType<typeof setHeaderOptions> {
  return setHeaderOptions('Content-Type', type);
}

/** RootSyncs through client-node, with every answer checked for its shape. */
export function createRSyncClient(config: KubeConfig): RSyncClient {
  const api = config.makeApiClient(CustomObjectsApi);
  const at = { ...place, namespace: NAMESPACE };

  return {
    async create(body, options = {}) {
      return rsyncSchema.parse(await api.createNamespacedCustomObject({ ...at, body, ...options }));
    },
    async get(name, version = 'v1beta1') {
      return rsyncSchema.parse(await api.getNamespacedCustomObject({ ...at, version, name }));
    },
    async list(options = {}) {
      return listSchema.parse(
        await api.listCustomObjectForAllNamespaces({
          ...place,
          resourcePlural: place.plural,
          ...options,
        }),
      );
    },
    async listIn(namespace) {
      return listSchema.parse(await api.listNamespacedCustomObject({ ...at, namespace }));
    },
    async merge(name, body, options = {}) {
      const type = header(PatchStrategy.MergePatch);
      return rsyncSchema.parse(
        await api.patchNamespacedCustomObject({ ...at, name, body, ...options }, type),
      );
    },
    async patch(name, type, body, options = {}) {
      return rsyncSchema.parse(
        await api.patchNamespacedCustomObject({ ...at, name, body, ...options }, header(type)),
      );
    },
    async mergeStatus(name, body) {
      const type = header(PatchStrategy.MergePatch);
      return rsyncSchema.parse(
        await api.patchNamespacedCustomObjectStatus({ ...at, name, body }, type),
      );
    },
    async replace(name, body) {
      return rsyncSchema.parse(await api.replaceNamespacedCustomObject({ ...at, name, body }));
    },
    remove(name, options = {}) {
      return api.deleteNamespacedCustomObject({ ...at, name, ...options });
    },
  };
}

/** The Status that a call fails with; a call that succeeds is an error. */
export async function failureOf(call: Promise<unknown>): Promise<Failure> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ApiException)) throw error;
    return statusSchema.parse(JSON.parse(String(error.body)));
  }
  throw new Error('The call succeeded');
}

export interface Seen {
  type: string;
  name: string | undefined;
  labels: Readonly<Record<string, string>> | undefined;
  code: number | undefined;
}

const watchedSchema = z.looseObject({
  code: z.int().optional(),
  metadata: z.looseObject({
    name: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
});

export interface Watching {
  events: Seen[];
  ended: Promise<void>;
  close: () => void;
}

/** Follows RootSyncs until closed; `events` grows, `ended` resolves when the server ends it. */
export async function watchRSyncs(
  config: KubeConfig,
  query: Record<string, string | number>,
): Promise<Watching> {
  const events: Seen[] = [];
  const end = Promise.withResolvers<void>();
  const request = await new Watch(config).watch(
    `/apis/${place.group}/${place.version}/namespaces/${NAMESPACE}/${place.plural}`,
    query,
    (type, object) => {
      const { code, metadata } = watchedSchema.parse(object);
      events.push({ type, name: metadata.name, labels: metadata.labels, code });
    },
    () => end.resolve(),
  );
  return { events, ended: end.promise, close: () => request.abort() };
}
