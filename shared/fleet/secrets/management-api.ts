import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import { loadKubernetes } from '../client.ts';
import { readFailure } from '../read-failure.ts';
import {
  type Connection,
  createRepeat,
  createTransport,
  Refused,
  type TransportDeps,
} from '../transport.ts';

/** What is read of the cluster that has the Secrets of a fleet. Throws `bad-config`, `fleet-unavailable`. */
export interface ManagementApi {
  /** The Secrets with these labels, of one namespace or of all. */
  secrets(labelSelector: string, namespace?: string): Promise<readonly Secret[]>;
  /** The Clusters of Cluster API, of one namespace or of all. */
  clusters(namespace?: string): Promise<readonly Named[]>;
}

const metadataSchema = () =>
  z.object({
    namespace: z.string(),
    name: z.string(),
    labels: z.record(z.string(), z.string()).nullish(),
  });
const namedSchema = z.lazy(() => z.object({ metadata: metadataSchema() }));
const secretSchema = z.lazy(() =>
  z.object({
    metadata: metadataSchema(),
    data: z.record(z.string(), z.string()).nullish(),
  }),
);
/** client-node calls it `_continue` where it knows the kind of the list. */
const pageSchema = () =>
  z
    .object({ _continue: z.string().nullish(), continue: z.string().nullish() })
    .transform(({ _continue: known, continue: plain }) => known || plain || undefined);
const listSchema = z.lazy(() =>
  z.object({ metadata: pageSchema().nullish(), items: z.array(z.unknown()) }),
);
const groupSchema = z.lazy(() => z.object({ preferredVersion: z.object({ version: z.string() }) }));

export type Secret = z.infer<typeof secretSchema>;
export type Named = z.infer<typeof namedSchema>;

const GROUP = 'cluster.x-k8s.io';
const PAGE = 200;
/** 20,000 clusters; a list that goes on beyond that is none. */
const MAX_PAGES = 100;

/**
 * The client of a management cluster.
 *
 * @example
 * const api = await createManagementApi(connection, { agents, limits });
 * const secrets = await api.secrets('argocd.argoproj.io/secret-type=cluster', 'argocd');
 */
export async function createManagementApi(
  connection: Connection,
  deps: TransportDeps,
): Promise<ManagementApi> {
  const kubernetes = await loadKubernetes();
  const configuration = kubernetes.createConfiguration({
    baseServer: new kubernetes.ServerConfiguration(connection.server, {}),
    httpApi: createTransport(kubernetes, 'of the fleet', connection, deps),
  });
  const core = new kubernetes.CoreV1Api(configuration);
  const custom = new kubernetes.CustomObjectsApi(configuration);
  const groups = new kubernetes.ApisApi(configuration);
  const repeat = createRepeat(deps.limits);

  async function ask<T>(what: string, send: () => Promise<T>): Promise<T> {
    try {
      return await repeat(async () => {
        try {
          return await send();
        } catch (error) {
          throw error instanceof Refused
            ? readFailure(error.answer, 'list', 'of the fleet')
            : error;
        }
      });
    } catch (error) {
      const { code, message, retry, cause } = toFailure(error);
      const full = `${what} cannot be read: ${message}`;
      if (code === 'cluster-forbidden') {
        const fix = 'grant list on them (docs/networks.md)';
        throw new CountersignError('bad-config', `${full}; ${fix}`, { cause });
      }
      throw new CountersignError('fleet-unavailable', full, { cause, retry });
    }
  }

  async function listAll<T>(
    what: string,
    schema: z.ZodType<T>,
    page: (query: { limit: number; _continue?: string }) => Promise<unknown>,
  ): Promise<readonly T[]> {
    const found: T[] = [];
    let next: string | undefined;
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const query = { limit: PAGE, ...defined({ _continue: next }) };
      const { data } = listSchema.safeParse(await ask(what, () => page(query)));
      if (data === undefined) break;
      found.push(...data.items.flatMap((item) => schema.safeParse(item).data ?? []));
      next = data.metadata ?? undefined;
      if (next === undefined) return found;
    }
    throw new CountersignError('fleet-unavailable', `${what} are not a list`, { retry: false });
  }

  return {
    secrets: (labelSelector, namespace) =>
      listAll('Secrets of clusters', secretSchema, (query) =>
        namespace === undefined
          ? core.listSecretForAllNamespaces({ ...query, labelSelector })
          : core.listNamespacedSecret({ ...query, labelSelector, namespace }),
      ),
    async clusters(namespace) {
      const what = 'Clusters of Cluster API';
      const all: unknown = await ask(what, () => groups.getAPIVersions());
      const version = versionOf(all);
      if (version === undefined) {
        const message = `${what} are not served by the management cluster; install Cluster API, or correct fleet.clusterApi`;
        throw new CountersignError('bad-config', message);
      }
      const place = { group: GROUP, version, plural: 'clusters' };
      return listAll(what, namedSchema, (query) =>
        namespace === undefined
          ? custom.listCustomObjectForAllNamespaces({
              ...query,
              group: GROUP,
              version,
              resourcePlural: 'clusters',
            })
          : custom.listNamespacedCustomObject({ ...query, ...place, namespace }),
      );
    },
  };
}

function versionOf(list: unknown): string | undefined {
  const groups = z.object({ groups: z.array(z.looseObject({ name: z.string() })) }).safeParse(list);
  const found = groups.data?.groups.find(({ name }) => name === GROUP);
  return groupSchema.safeParse(found).data?.preferredVersion.version;
}
