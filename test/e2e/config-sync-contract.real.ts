import { renderGate } from '#infra/kubernetes/gate/render.ts';
import { startRegistry } from '#infra/local/registry/start-registry.ts';
import type { ConfigSyncUnderTest } from '#test/contract/config-sync/subject.ts';
import { configSyncContract } from '#test/contract/config-sync/suite.ts';
import { createPusher } from '#test/fixtures/push-artifact.ts';
import { startRealConfigSync } from './tools/config-sync/start-real.ts';

const COUNTERSIGN = 'countersign@acme.iam.gserviceaccount.com';

configSyncContract({
  name: 'the real one',
  startTimeout: 180_000,
  timeout: 900_000,
  start: () => startReal(folderOf(process.env)),
});

/** Config Sync's binaries and manifests, which are on no module proxy and in no package. Throws without them. */
function folderOf(env: Readonly<Record<string, string | undefined>>): string {
  const folder = env['COUNTERSIGN_CONFIG_SYNC'] ?? '';
  if (folder !== '') return folder;
  throw new Error(
    'COUNTERSIGN_CONFIG_SYNC names no folder with the real Config Sync (start-real.ts)',
  );
}

async function startReal(folder: string): Promise<ConfigSyncUnderTest> {
  const registry = await startRegistry({ port: 0 });
  const real = await startRealConfigSync(folder);
  const { send } = real.cluster;
  const image = { match: `${registry.host}/**`, effect: 'gate' as const };
  const input = {
    identity: COUNTERSIGN,
    breakGlass: [],
    mayHold: 'countersign' as const,
    images: [image],
    unmatched: 'deny' as const,
    otherSources: 'deny' as const,
  };
  await real.apply(renderGate(input, 'deny'));
  await real.apply(MAY_PATCH);
  return {
    registry: registry.host,
    patience: 300_000,
    poll: 500,
    pusher: (repository) => createPusher(registry.url, repository),
    send,
    sendAsCountersign: (request) => send({ ...request, user: COUNTERSIGN }),
    async stop() {
      await real.stop();
      await registry.close();
    },
  };
}

const MAY_PATCH = JSON.stringify({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'countersign' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: COUNTERSIGN }],
});
