import { CountersignError } from '#shared/core/errors.ts';
import { type ClientDeps, loadKubernetes, orAbsent, refusalsAsFailures } from './client.ts';
import { type Connection, createRepeat, createTransport } from './transport.ts';
import type { Verb } from './pace.ts';
import { isObjectAbsent } from './read-failure.ts';

/** One object of a cluster that is in no namespace. */
export interface ObjectRef {
  readonly group: string;
  readonly version: string;
  /** The resource, in the plural of its path: `validatingadmissionpolicies`. */
  readonly plural: string;
  readonly name: string;
}

export interface ApplyOptions {
  readonly fieldManager: string;
  /** Takes fields that another manager owns; without it that is refused with `cluster-conflict`. */
  readonly force: boolean;
  /** Runs admission and validation, and persists nothing. */
  readonly dryRun: boolean;
}

/**
 * What people may do to the objects of one cluster's API server, with rights of their own: for commands. The functions
 * have `ClusterApi`, and no right to any of this. Throws as that.
 */
export interface ObjectApi {
  /** Full membership name, or kubeconfig context. */
  readonly cluster: string;
  /** The object; undefined when there is none of that name. */
  read(ref: ObjectRef): Promise<unknown>;
  /** Server-side apply; the object as it is then. */
  apply(ref: ObjectRef, object: object, options: ApplyOptions): Promise<unknown>;
}

/**
 * The client for one cluster.
 *
 * @example
 * const api = await createObjectApi('edge-1', { server, authorize }, { agents, limits, pace, circuits });
 * await api.apply(ref, object, { fieldManager: 'countersign-gate', force: false, dryRun: true });
 */
export async function createObjectApi(
  cluster: string,
  connection: Connection,
  deps: ClientDeps,
): Promise<ObjectApi> {
  const kubernetes = await loadKubernetes();
  const baseServer = new kubernetes.ServerConfiguration(connection.server, {});
  const patch = kubernetes.PatchStrategy.ServerSideApply;
  const httpApi = createTransport(kubernetes, cluster, connection, { ...deps, patch });
  const configuration = kubernetes.createConfiguration({ baseServer, httpApi });
  const api = new kubernetes.CustomObjectsApi(configuration);
  const repeat = createRepeat(deps.limits);
  const once = refusalsAsFailures(cluster, connection, deps);

  async function send<T>(verb: Verb, ref: ObjectRef, call: () => Promise<T>): Promise<T> {
    try {
      return await repeat(() => once(verb, call));
    } catch (error) {
      if (!(error instanceof CountersignError) || error.code !== 'no-config-sync') throw error;
      const { plural, group, version } = ref;
      const message = `Cluster ${JSON.stringify(cluster)} does not serve ${plural} of ${group}/${version}; its Kubernetes may be too old`;
      throw new CountersignError('cluster-refused', message, { cause: error });
    }
  }

  return {
    cluster,
    read: (ref) =>
      send(
        'get',
        ref,
        orAbsent(() => api.getClusterCustomObject({ ...ref }), isObjectAbsent),
      ),
    // An apply that arrives twice changes nothing the second time.
    apply(ref, object, { fieldManager, force, dryRun }) {
      const query = { ...ref, body: object, fieldManager, force, ...(dryRun && { dryRun: 'All' }) };
      return send('patch', ref, () => api.patchClusterCustomObject(query));
    },
  };
}
