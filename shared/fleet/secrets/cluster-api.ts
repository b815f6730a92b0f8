import { toFailure } from '#shared/core/errors.ts';
import { readKubeconfig } from '../kubeconfig/read-kubeconfig.ts';
import { decode } from './argocd.ts';
import type { FoundCluster } from './found-cluster.ts';
import type { Named, Secret } from './management-api.ts';

const CLUSTER_NAME = 'cluster.x-k8s.io/cluster-name';
/** Cluster API, "Kubeconfig secrets": by this label and the name `CLUSTER-kubeconfig`. */
export const CLUSTER_API_SELECTOR = CLUSTER_NAME;

/**
 * The cluster of one of Cluster API's Secrets, with the labels of its Cluster, under `NAMESPACE/NAME`; or why it cannot be
 * used. Undefined for a Secret of another kind, and for one whose Cluster is not there.
 */
export function readClusterApiSecret(
  { metadata, data }: Secret,
  clusters: readonly Named[],
): FoundCluster | string | undefined {
  const { namespace, labels } = metadata;
  const name = labels?.[CLUSTER_NAME] ?? '';
  if (metadata.name !== `${name}-kubeconfig`) return undefined;
  const cluster = clusters.find(
    (one) => one.metadata.name === name && one.metadata.namespace === namespace,
  );
  if (cluster === undefined) return undefined;
  const place = `${namespace}/${metadata.name}`;
  const secret = `Secret ${place}`;
  try {
    const config = readKubeconfig(`of ${secret}`, decode(data?.['value']));
    const [only, ...more] = config.contexts.keys();
    const context = config.current || (more.length === 0 ? only : undefined);
    if (context === undefined) return `${secret} has no current-context`;
    const member = {
      name: `${namespace}/${name}`,
      id: name,
      labels: cluster.metadata.labels ?? {},
    };
    return { member, secret: place, config, context };
  } catch (error) {
    return toFailure(error).message;
  }
}
