import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { SyncKind, SyncRef } from '#shared/core/sync-ref.ts';
import type { Circuits } from './circuits.ts';
import type { ClusterApi, ClusterDescription } from './cluster-api.ts';
import {
  type Answer,
  type Connection,
  createRepeat,
  createTransport,
  Refused,
  type TransportDeps,
} from './transport.ts';
import type * as Kubernetes from './kubernetes.ts';
import type { Pace, Verb } from './pace.ts';
import { isObjectAbsent, isPathAbsent, readFailure } from './read-failure.ts';

export interface ClientDeps extends TransportDeps {
  readonly pace: Pace;
  readonly circuits: Circuits;
}

/** The version that is stored; v1alpha1 is served beside it (docs/facts/config-sync.md#api). */
const API = { group: 'configsync.gke.io', version: 'v1beta1' } as const;

const PLURALS: Readonly<Record<SyncKind, string>> = {
  RootSync: 'rootsyncs',
  RepoSync: 'reposyncs',
};

/** One page of a list; the objects themselves are read, one by one, by the caller. */
const listSchema = z.lazy(() =>
  z.object({
    metadata: z.object({ continue: z.string().optional() }).optional(),
    items: z.array(z.unknown()),
  }),
);

/** meta/v1 APIResourceList. */
const resourcesSchema = z.lazy(() =>
  z.object({ resources: z.array(z.object({ name: z.string() })) }),
);

/** Kept: Node resolves and links anew at each `import()`, for what is loaded already too. */
let loaded: typeof Kubernetes | undefined;

/**
 * client-node, loaded when a cluster is reached for the first time and never before: importing it costs more than the
 * rest of a cold start (docs/facts/google-cloud.md#kubernetes-client). No other file may import it.
 */
export async function loadKubernetes(): Promise<typeof Kubernetes> {
  loaded ??= await import('./kubernetes.ts');
  return loaded;
}

/**
 * The client for one cluster; every attempt of every call goes through `pace`. `cluster` is the member's name.
 *
 * @example
 * const api = await createClusterApi('edge-1', { server, authorize }, { agents, limits, pace, circuits });
 * const { items } = await api.list('RootSync', { limit: 500 });
 */
export async function createClusterApi(
  cluster: string,
  connection: Connection,
  deps: ClientDeps,
): Promise<ClusterApi> {
  const kubernetes = await loadKubernetes();
  const baseServer = new kubernetes.ServerConfiguration(connection.server, {});
  const httpApi = createTransport(kubernetes, cluster, connection, deps);
  const configuration = kubernetes.createConfiguration({ baseServer, httpApi });
  const api = new kubernetes.CustomObjectsApi(configuration);
  const repeat = createRepeat(deps.limits);
  const once = refusalsAsFailures(cluster, connection, deps);

  function call<T>(verb: Verb, send: () => Promise<T>): Promise<T> {
    return deps.circuits.run(cluster, () => repeat(() => once(verb, send)));
  }

  return {
    cluster,
    async list(kind, page) {
      const { limit, continue: _continue } = page;
      const query = defined({ ...API, resourcePlural: PLURALS[kind], limit, _continue });
      const answer: unknown = await call('list', () => api.listCustomObjectForAllNamespaces(query));
      const list = listSchema.safeParse(answer);
      if (!list.success) throw notKubernetes(cluster, list.error);
      const { items, metadata } = list.data;
      // The empty string: there is no more.
      const next = metadata?.continue ?? '';
      return next === '' ? { items } : { items, continue: next };
    },
    async get(ref) {
      return call(
        'get',
        orAbsent(() => api.getNamespacedCustomObject(place(ref)), isObjectAbsent),
      );
    },
    async patch(ref, body, { fieldManager, dryRun = false }) {
      const query = { ...place(ref), body, fieldManager, ...(dryRun && { dryRun: 'All' }) };
      const send = () => once('patch', () => api.patchNamespacedCustomObject(query));
      const repeatable = isRepeatable(body);
      await deps.circuits.runWrite(cluster, () => (repeatable ? repeat(send) : send()));
    },
    async discover() {
      const send = orAbsent(() => api.getAPIResources(API), isPathAbsent);
      const answer = resourcesSchema.safeParse(await call('discover', send));
      const names = answer.success ? answer.data.resources.map(({ name }) => name) : [];
      return Object.values(PLURALS).every((plural) => names.includes(plural));
    },
    describe: () => describeCluster(kubernetes, configuration, (send) => call('discover', send)),
  };
}

/** Sends one call in its turn, and throws what the answer means where the answer is none. */
export function refusalsAsFailures(
  cluster: string,
  connection: Pick<Connection, 'grant'>,
  { pace }: Pick<ClientDeps, 'pace'>,
): <T>(verb: Verb, send: () => Promise<T>) => Promise<T> {
  return async (verb, send) => {
    try {
      return await pace.run(cluster, verb, send);
    } catch (error) {
      if (error instanceof CountersignError) throw error;
      if (error instanceof Refused)
        throw readFailure(error.answer, verb, cluster, connection.grant);
      throw notKubernetes(cluster, error);
    }
  };
}

function place(ref: SyncRef): typeof API & { plural: string; namespace: string; name: string } {
  return { ...API, plural: PLURALS[ref.kind], namespace: ref.namespace, name: ref.name };
}

/** `send`, with undefined for the one refusal that is an answer. */
export function orAbsent(
  send: () => Promise<unknown>,
  isAbsent: (answer: Answer) => boolean,
): () => Promise<unknown> {
  return async () => {
    try {
      return await send();
    } catch (error) {
      if (error instanceof Refused && isAbsent(error.answer)) return undefined;
      throw error;
    }
  };
}

function notKubernetes(cluster: string, cause: unknown): CountersignError {
  const message = `What answers for cluster ${JSON.stringify(cluster)} is no Kubernetes API server; check its address`;
  return new CountersignError('cluster-unreachable', message, { cause, retry: false });
}

/**
 * Whether a patch may be sent again when its answer was lost. With a resourceVersion it may: had the first one been
 * applied, the second would meet another version and be a conflict, never a second change. Without one, an answer
 * that was lost is a change that may have been overwritten since.
 */
function isRepeatable(body: Readonly<Record<string, unknown>>): boolean {
  const { metadata } = body;
  return typeof metadata === 'object' && metadata !== null && 'resourceVersion' in metadata;
}

/** version.Info, at `/version`. */
const versionSchema = z.lazy(() => z.object({ gitVersion: z.string().max(256) }));

/** authentication.k8s.io/v1 SelfSubjectReview, answered. */
const selfSchema = z.lazy(() =>
  z.object({
    status: z.object({ userInfo: z.object({ username: z.string().min(1).max(1_024) }) }),
  }),
);

/** apps/v1 Deployment of Config Sync's reconciler-manager. */
const managerSchema = z.lazy(() =>
  z.object({
    spec: z.object({
      template: z.object({
        spec: z.object({
          containers: z.array(z.object({ name: z.string(), image: z.string().optional() })),
        }),
      }),
    }),
  }),
);

/** Config Sync's own Deployment: the tag of its image is the only thing in a cluster that has its version. */
const MANAGER = { namespace: 'config-management-system', name: 'reconciler-manager' } as const;

/** `v1.32.4-gke.1106006`, `v1.21.1-rc.2`: what stands behind the numbers is the vendor's. */
const VERSION = /^v?(\d{1,4}\.\d{1,4}\.\d{1,4})(?![0-9.])/;

/**
 * What an API server answers about itself, its Config Sync, and Countersign's user. What may not be read is absent.
 * `call` runs each request. Throws what `call` throws of a cluster that cannot be reached.
 */
async function describeCluster(
  kubernetes: typeof Kubernetes,
  configuration: Kubernetes.Configuration,
  call: (send: () => Promise<unknown>) => Promise<unknown>,
): Promise<ClusterDescription> {
  const version = new kubernetes.VersionApi(configuration);
  const authentication = new kubernetes.AuthenticationV1Api(configuration);
  const apps = new kubernetes.AppsV1Api(configuration);
  // After impersonation, hence as admission sees the user.
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const [running, self, manager] = await Promise.all([
    orUnknown(call(() => version.getCode())),
    orUnknown(call(() => authentication.createSelfSubjectReview({ body: review }))),
    orUnknown(call(() => apps.readNamespacedDeployment(MANAGER))),
  ]);
  const containers = managerSchema.safeParse(manager).data?.spec.template.spec.containers;
  const image = containers?.find(({ name }) => name === MANAGER.name)?.image;
  return defined({
    kubernetes: numbersOf(versionSchema.safeParse(running).data?.gitVersion),
    configSync: numbersOf(image?.split('@', 1)[0]?.split(':').at(-1)),
    user: selfSchema.safeParse(self).data?.status.userInfo.username,
  });
}

function numbersOf(version: string | undefined): string | undefined {
  return version === undefined ? undefined : VERSION.exec(version)?.[1];
}

/** A refusal, or a resource that is not there, is an answer of sorts. */
async function orUnknown(asked: Promise<unknown>): Promise<unknown> {
  try {
    return await asked;
  } catch (error) {
    const unknown = ['cluster-forbidden', 'no-config-sync'];
    if (error instanceof CountersignError && unknown.includes(error.code)) return undefined;
    throw error;
  }
}
