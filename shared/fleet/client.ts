import type * as Kubernetes from '@kubernetes/client-node';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { SyncKind, SyncRef } from '#shared/core/sync-ref.ts';
import type { Circuits } from './circuits.ts';
import type { ClusterApi } from './cluster-api.ts';
import type { Connection } from './transport.ts';
import { describeCluster } from './describe-cluster.ts';
import type { Pace, Verb } from './pace.ts';
import { isObjectAbsent, isPathAbsent, readFailure } from './read-failure.ts';
import {
  type Answer,
  Refused,
  type TransportDeps,
  createRepeat,
  createTransport,
} from './transport.ts';

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
const listSchema = z.object({
  metadata: z.object({ continue: z.string().optional() }).optional(),
  items: z.array(z.unknown()),
});

/** meta/v1 APIResourceList. */
const resourcesSchema = z.object({ resources: z.array(z.object({ name: z.string() })) });

/** Kept: Node resolves and links anew at each `import()`, for what is loaded already too. */
let loaded: typeof Kubernetes | undefined;

/**
 * client-node, loaded when a cluster is reached for the first time and never before: importing it costs more than the
 * rest of a cold start (docs/facts/google-cloud.md#kubernetes-client). No other file may import it.
 */
export async function loadKubernetes(): Promise<typeof Kubernetes> {
  loaded ??= await import('@kubernetes/client-node');
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

  async function once<T>(verb: Verb, send: () => Promise<T>): Promise<T> {
    try {
      return await deps.pace.run(cluster, verb, send);
    } catch (error) {
      if (error instanceof CountersignError) throw error;
      if (error instanceof Refused)
        throw readFailure(error.answer, verb, cluster, connection.grant);
      throw notKubernetes(cluster, error);
    }
  }

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

function place(ref: SyncRef): typeof API & { plural: string; namespace: string; name: string } {
  return { ...API, plural: PLURALS[ref.kind], namespace: ref.namespace, name: ref.name };
}

/** `send`, with undefined for the one refusal that is an answer. */
function orAbsent(
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
