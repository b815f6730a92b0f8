import { createClusterApi } from '#shared/fleet/client.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import { createKubeconfigFleet } from '#shared/fleet/kubeconfig-fleet.ts';
import { kubeconfigDeps } from '#test/fixtures/kubeconfig-fleet.ts';

/** The cluster of a kubeconfig's context `real`, reached the way the functions reach it. */
export async function connectCluster(path: string): Promise<ClusterApi> {
  const options = { path, contexts: [], labels: {} };
  const fleet = createKubeconfigFleet(options, kubeconfigDeps(), createClusterApi);
  const member = await fleet.find('real');
  if (member === undefined) throw new Error('The kubeconfig has no context "real"');
  return fleet.connect(member);
}
