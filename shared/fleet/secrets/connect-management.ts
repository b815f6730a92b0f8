import { isIPv6 } from 'node:net';
import { CountersignError } from '#shared/core/errors.ts';
import type { Variables } from '#shared/net/environment.ts';
import { type ContextDeps, connectContext } from '../kubeconfig/connect-context.ts';
import { loadKubeconfigs } from '../kubeconfig/load.ts';
import { type KubeContext, readContext } from '../kubeconfig/read-context.ts';
import type { Connection } from '../transport.ts';
import { configOf } from './found-cluster.ts';

/** The cluster that has the Secrets of a fleet. */
export interface ManagementCluster {
  /** Absent: the one in which this process runs. */
  readonly kubeconfig?: string;
  /** Absent: the current one. */
  readonly context?: string;
}

/** Where Kubernetes mounts what a pod's service account has. */
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const NAME = 'management';

/**
 * The connection to a management cluster, read anew each time. Throws `bad-config` that names the fix.
 *
 * @example
 * const connection = await connectManagement({ kubeconfig: '/etc/management.kubeconfig' }, variables, deps);
 */
export async function connectManagement(
  cluster: ManagementCluster,
  variables: Variables,
  deps: ContextDeps,
): Promise<Connection> {
  const { kubeconfig, context } = cluster;
  if (kubeconfig === undefined) return connectContext(ownContext(variables), deps);
  const { contexts } = await loadKubeconfigs(kubeconfig);
  const [first] = contexts.values();
  const wanted = context ?? first?.current ?? '';
  const config = contexts.get(wanted);
  if (config !== undefined) return connectContext(readContext(config, wanted), deps);
  const problem =
    wanted === ''
      ? 'has no current-context; name a context of it'
      : `has no context ${JSON.stringify(wanted)}`;
  throw new CountersignError('bad-config', `Kubeconfig ${kubeconfig} ${problem}`);
}

function ownContext(variables: Variables): KubeContext {
  const host = variables['KUBERNETES_SERVICE_HOST'];
  const port = variables['KUBERNETES_SERVICE_PORT'];
  if (!host || !port) {
    const message =
      'The management cluster of the fleet has no kubeconfig, and Countersign runs in no cluster; add kubeconfig';
    throw new CountersignError('bad-config', message);
  }
  const server = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const cluster = { server, 'certificate-authority': `${ACCOUNT}/ca.crt` };
  return readContext(configOf(NAME, cluster, { tokenFile: `${ACCOUNT}/token` }), NAME);
}
