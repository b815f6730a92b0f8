import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Kube, type KubeOptions, writeKubeconfig } from '#infra/local/kube/start-kube.ts';
import { startTroubledKube, type Trouble } from '#test/fakes/kube-trouble.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import { createClusterApi } from '#shared/fleet/client.ts';
import { createKubeconfigFleet } from '#shared/fleet/kubeconfig-fleet.ts';
import { type Pace, createPace } from '#shared/fleet/pace.ts';
import { kubeconfigDeps } from '#test/fixtures/kubeconfig-fleet.ts';
import { ANSWERED_MS } from '#test/patience.ts';

/** Of one call, no other timer's: a test holds it (`holdTimers`). */
export const CALL_MS = ANSWERED_MS + 1;

export interface Embedded {
  readonly kube: Kube;
  readonly api: ClusterApi;
  readonly pace: Pace;
  readonly stop: () => Promise<void>;
}

/** An embedded cluster, reached the way the functions reach it: through its kubeconfig. */
export async function startEmbedded(
  options: Partial<KubeOptions> & Trouble = {},
): Promise<Embedded> {
  const kube = await startTroubledKube({ name: 'cluster-1', ...options });
  const folder = await mkdtemp(join(tmpdir(), 'countersign-fleet-'));
  const path = join(folder, 'kubeconfig');
  await writeKubeconfig({ path, clusters: [kube], user: 'countersign@acme.example' });
  const sleep = async (): Promise<void> => {};
  const pace = createPace({ perMinute: 6_000, burst: 1_000, now: () => 0, sleep });
  const fleet = createKubeconfigFleet(
    { path, contexts: [], labels: {} },
    kubeconfigDeps({
      limits: {
        callMs: CALL_MS,
        credentialsMs: ANSWERED_MS,
        retries: 2,
        backoffMs: 1,
        retryAfterMs: 0,
        answerBytes: 1_000_000,
      },
      pace,
    }),
    createClusterApi,
  );
  const member = await fleet.find('cluster-1');
  if (member === undefined) throw new Error('The kubeconfig has no cluster-1');
  const api = await fleet.connect(member);
  await rm(folder, { recursive: true });
  return { kube, api, pace, stop: () => kube.close() };
}
