import { createCircuits } from '#shared/fleet/circuits.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import { createAgents } from '#shared/fleet/transport.ts';
import { createKubeconfigFleet } from '#shared/fleet/kubeconfig-fleet.ts';
import { DEFAULT_CLIENT_LIMITS } from '#shared/fleet/limits.ts';
import { createPace } from '#shared/fleet/pace.ts';

/** The cluster of a kubeconfig's context `real`, reached the way the functions reach it. */
export async function connectCluster(path: string): Promise<ClusterApi> {
  const sleep = async (): Promise<void> => {};
  const pace = createPace({ perMinute: 6_000, burst: 1_000, now: () => 0, sleep });
  const fleet = createKubeconfigFleet(
    { path, contexts: [], labels: {} },
    { agents: createAgents(), limits: DEFAULT_CLIENT_LIMITS, pace, circuits: createCircuits() },
  );
  const member = await fleet.find('real');
  if (member === undefined) throw new Error('The kubeconfig has no context "real"');
  return fleet.connect(member);
}
