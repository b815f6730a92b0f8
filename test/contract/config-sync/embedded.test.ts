import { startConfigSync } from '#infra/local/config-sync/start-config-sync.ts';
import { createGate } from '#infra/local/gate-evaluation.ts';
import { startKube } from '#infra/local/kube/start-kube.ts';
import { startRegistry } from '#infra/local/registry/start-registry.ts';
import { createPusher } from '#test/fixtures/push-artifact.ts';
import { PATIENCE, TEST_LIMIT_MS } from '#test/patience.ts';
import type { ConfigSyncUnderTest, KubeRequest, KubeResponse } from './subject.ts';
import { configSyncContract } from './suite.ts';

const COUNTERSIGN = 'countersign@acme.iam.gserviceaccount.com';
const ADMIN = 'admin@acme.example';
const PACE = { pollMs: 60, attemptMs: 60, rolloutMs: 30 };

configSyncContract({
  name: 'stand-in',
  startTimeout: TEST_LIMIT_MS,
  timeout: TEST_LIMIT_MS,
  start: startEmbedded,
});

async function startEmbedded(): Promise<ConfigSyncUnderTest> {
  const registry = await startRegistry({ port: 0 });
  const gate = createGate({
    identity: COUNTERSIGN,
    breakGlass: [],
    mayHold: 'countersign',
    images: [{ match: `${registry.host}/**`, effect: 'gate' }],
    unmatched: 'deny',
    otherSources: 'deny',
  });
  const kube = await startKube({ name: 'cluster-1', admit: [gate] });
  const metadata = { name: 'team-a' };
  kube.store.put('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata });
  const configSync = startConfigSync({ name: 'cluster-1', kubeUrl: kube.url, pace: PACE });

  function sendAs(user: string) {
    return async ({ method, path, body, type }: KubeRequest): Promise<KubeResponse> => {
      const answer = await fetch(`${kube.url}${path}`, {
        method,
        headers: { 'content-type': type ?? 'application/json', 'impersonate-user': user },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: await answer.json() };
    };
  }

  return {
    registry: registry.host,
    patience: PATIENCE.timeout,
    poll: 5,
    pusher: (repository) => createPusher(registry.url, repository),
    send: sendAs(ADMIN),
    sendAsCountersign: sendAs(COUNTERSIGN),
    async stop() {
      await configSync.close();
      await kube.close();
      await registry.close();
    },
  };
}
