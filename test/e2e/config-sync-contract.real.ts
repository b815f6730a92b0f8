import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderGate } from '#infra/kubernetes/gate/render.ts';
import { applyObject, applyYaml } from '#infra/local/real/apply.ts';
import { requireConfigSync } from '#infra/local/real/config-sync-folder.ts';
import { startKubeApiserver } from '#infra/local/real/kube-apiserver.ts';
import { installConfigSync, startConfigSync } from '#infra/local/real/start-config-sync.ts';
import { startRegistry } from '#infra/local/registry/start-registry.ts';
import type { ConfigSyncUnderTest } from '#test/contract/config-sync/subject.ts';
import { configSyncContract } from '#test/contract/config-sync/suite.ts';
import { createPusher } from '#test/fixtures/push-artifact.ts';
import { requireFolder } from './tools/config-sync.ts';
import { TEST_TOOLS } from './tools/tool-box.ts';
import { patiently } from '#test/patience.ts';

const COUNTERSIGN = 'countersign@acme.iam.gserviceaccount.com';
const RBAC = 'rbac.authorization.k8s.io';

configSyncContract({
  name: 'the real one',
  startTimeout: 600_000,
  timeout: patiently(900_000),
  start: () => startReal(requireFolder(process.env)),
});

async function startReal(folder: string): Promise<ConfigSyncUnderTest> {
  await requireConfigSync(folder);
  await using parts = new AsyncDisposableStack();
  const home = await mkdtemp(join(tmpdir(), 'countersign-config-sync-'));
  parts.defer(() => rm(home, { recursive: true, force: true }));
  const registry = await startRegistry({ port: 0 });
  parts.defer(() => registry.close());
  const cluster = await startKubeApiserver({ tools: TEST_TOOLS });
  parts.defer(() => cluster.close());
  await installConfigSync(cluster, folder);
  for (const object of GRANTS) await applyObject(cluster, object);
  const input = {
    identity: COUNTERSIGN,
    breakGlass: [],
    mayHold: 'countersign' as const,
    images: [{ match: `${registry.host}/**`, effect: 'gate' as const }],
    unmatched: 'deny' as const,
    otherSources: 'deny' as const,
  };
  await applyYaml(cluster, renderGate(input, 'deny'));
  const { startMs } = TEST_TOOLS;
  const onStep = (step: string): void => void process.stdout.write(`${step}\n`);
  const sync = await startConfigSync({ cluster, folder, home, name: 'real', startMs, onStep });
  parts.defer(() => sync.stop());
  const { send } = cluster;
  const owned = parts.move();
  return {
    registry: registry.host,
    patience: patiently(300_000),
    poll: 500,
    pusher: (repository) => createPusher(registry.url, repository),
    send,
    sendAsCountersign: (request) => send({ ...request, user: COUNTERSIGN }),
    stop: () => owned.disposeAsync(),
  };
}

const ADMIN = { apiGroup: RBAC, kind: 'ClusterRole', name: 'cluster-admin' };
const RECONCILERS = 'system:serviceaccounts:config-management-system';

/** A tenant's namespace with its grant, as every namespace with a RepoSync needs one; and Countersign's. */
const GRANTS = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } },
  {
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: { name: 'reconcilers', namespace: 'team-a' },
    roleRef: ADMIN,
    subjects: [{ apiGroup: RBAC, kind: 'Group', name: RECONCILERS }],
  },
  {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'countersign' },
    roleRef: ADMIN,
    subjects: [{ apiGroup: RBAC, kind: 'User', name: COUNTERSIGN }],
  },
];
