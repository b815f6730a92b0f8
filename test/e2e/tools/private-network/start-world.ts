import { once } from 'node:events';
import http from 'node:http';
import { createServer } from 'node:https';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { getRequestListener } from '@hono/node-server';
import { parse, stringify } from 'yaml';
import * as z from 'zod';
import { startConfigSync } from '#infra/local/config-sync/start-config-sync.ts';
import { openRepository, type Repository } from '#infra/local/images/push-image.ts';
import { ensureKeyPair } from '#infra/local/keys/key-pair.ts';
import { listen } from '#infra/local/listen.ts';
import {
  describeConfig,
  filesIn,
  type LocalWorldFiles,
  SERVICE_IDENTITY,
} from '#infra/local/local-world/files.ts';
import { createRegistryApp } from '#infra/local/registry/start-registry.ts';
import { BUNDLES } from '#test/fixtures/local-world.ts';
import { rootSync } from '#test/fixtures/rsync-manifests.ts';
import { freePort } from '../free-port.ts';
import { startSyncCluster, type SyncCluster } from '../sync-cluster.ts';
import { type ConnectProxy, startConnectProxy } from './connect-proxy.ts';
import { createPrivateCa } from './private-ca.ts';
import { type Inside, startInside } from './start-inside.ts';

const ZONE = '.private.test';
const REGISTRY = `registry${ZONE}`;
const KUBE = `kube${ZONE}`;
const PACE = { pollMs: 200, attemptMs: 200, rolloutMs: 200 };
const SWEEP_MS = 1_000;
/** In the namespace, where every port is free. */
const PROXY_PORT = 3128;
export const PROXY = `http://127.0.0.1:${PROXY_PORT}`;

/** Config Sync of the cluster comes without credentials, and acts as others: nothing of it is under test here. */
const ANYONE_MAY = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'anyone-may' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [
    { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:unauthenticated' },
  ],
};

const kubeconfigSchema = z.looseObject({
  clusters: z.tuple([z.looseObject({ cluster: z.looseObject({ server: z.string() }) })]),
});

/** Which of the settings that lead out are there. */
export interface Settings {
  readonly registryCa: boolean;
  readonly registryProxy: boolean;
  readonly fleetCa: boolean;
  readonly clusterProxy: boolean;
  /** The proxy of everything. */
  readonly proxy: boolean;
}
export const ALL: Settings = {
  registryCa: true,
  registryProxy: true,
  fleetCa: true,
  clusterProxy: true,
  proxy: false,
};

export interface PrivateNetwork {
  readonly inside: Inside;
  readonly proxy: ConnectProxy;
  readonly cluster: SyncCluster;
  readonly files: LocalWorldFiles;
  readonly ca: string;
  /** `host:port` of the registry and of the API server, as the config names them. */
  readonly registry: string;
  readonly kube: string;
  readonly image: string;
  /** Where images are pushed to. */
  readonly repository: Repository;
  /** Writes a config with these settings, and its kubeconfig; returns the path of the config. */
  writeConfig(name: string, settings: Settings): Promise<string>;
  stop(): Promise<void>;
}

/**
 * A registry and a real kube-apiserver with certificates of a private CA, Config Sync beside them, and the functions in a
 * network namespace without a route: they reach both by a proxy, by name, as their config says.
 *
 * @example const world = await startPrivateNetwork();
 */
export async function startPrivateNetwork(): Promise<PrivateNetwork> {
  await using parts = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'countersign-private-'));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  const files = filesIn(folder);
  await mkdir(files.logs);
  const { ca, cert, key } = await createPrivateCa(folder, [REGISTRY, KUBE]);

  const cluster = await startSyncCluster({ everybodyMay: true, named: { cert, key } });
  parts.defer(() => cluster.close());
  await cluster.apply(ANYONE_MAY);
  const kube = `${KUBE}:${new URL(cluster.url).port}`;

  const notices: object[] = [];
  let inside: Inside | undefined;
  const registry = `${REGISTRY}:${await freePort()}`;
  const app = createRegistryApp({
    host: registry,
    notify: async (notification) => {
      if (inside === undefined) notices.push(notification);
      else inside.publish(notification);
    },
  });
  const pair = { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
  const answer = getRequestListener(app.fetch);
  const server = createServer(pair, (request, response) => void answer(request, response));
  server.listen(Number(registry.split(':')[1]), '127.0.0.1');
  await once(server, 'listening');
  parts.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  // For those who push, beside the registry.
  const door = await listen(() => app);
  parts.defer(() => door.close());

  const image = `${registry}/configs/platform:v1`;
  const { spec, ...rest } = rootSync({}, image);
  const oci = { image, dir: '.', auth: 'none', caCertSecretRef: { name: 'private-ca' } };
  await cluster.apply({ ...rest, spec: { ...spec, oci } });
  await followConfigSync(kube, ca, parts);

  await ensureKeyPair(files);
  const given = await cluster.kubeconfig(SERVICE_IDENTITY);
  async function writeConfig(name: string, settings: Settings): Promise<string> {
    const { clusters, ...others } = kubeconfigSchema.parse(parse(await readFile(given, 'utf8')));
    const [one] = clusters;
    const reached = {
      server: `https://${kube}`,
      ...(settings.clusterProxy && { 'proxy-url': PROXY }),
    };
    const kubeconfig = { ...others, clusters: [{ ...one, cluster: reached }] };
    await writeFile(join(folder, `${name}.kubeconfig`), stringify(kubeconfig), { mode: 0o600 });
    const topicName = (id: string): string => `projects/local/topics/${id}`;
    const usual = describeConfig({ registry, effect: 'pin', pubsub: { topicName }, files });
    const config = {
      ...z.looseObject({}).parse(parse(usual)),
      fleet: {
        kubeconfig: { path: `./${name}.kubeconfig`, ...(settings.fleetCa && { ca }) },
      },
      registries: [
        {
          host: registry,
          ...(settings.registryCa && { ca }),
          ...(settings.registryProxy && { proxy: PROXY }),
        },
      ],
      ...(settings.proxy && { proxy: { url: PROXY } }),
      sweep: { period: '1s' },
    };
    const path = join(folder, `${name}.yaml`);
    await writeFile(path, stringify(config));
    return path;
  }

  await writeConfig('countersign', ALL);
  const cable = join(folder, 'proxy.sock');
  const proxy = await startConnectProxy(cable, ZONE);
  parts.defer(() => proxy.close());
  const settings = { folder, bundles: BUNDLES, cable, proxyPort: PROXY_PORT, sweepMs: SWEEP_MS };
  const started = await startInside(settings);
  parts.defer(() => started.stop());
  inside = started;
  for (const notice of notices.splice(0)) started.publish(notice);

  const owned = parts.move();
  const repository = openRepository(door.host, 'configs/platform');
  return {
    inside,
    proxy,
    cluster,
    files,
    ca,
    registry,
    kube,
    image,
    repository,
    writeConfig,
    stop: () => owned.disposeAsync(),
  };
}

/** Config Sync knows the names, and believes the CA: by a proxy of its own, for this process. */
async function followConfigSync(
  kube: string,
  ca: string,
  parts: AsyncDisposableStack,
): Promise<void> {
  const port = await freePort();
  const proxy = await startConnectProxy(port, ZONE);
  parts.defer(() => proxy.close());
  const believed = tls.getCACertificates('default');
  tls.setDefaultCACertificates([...believed, await readFile(ca, 'utf8')]);
  parts.defer(() => tls.setDefaultCACertificates(believed));
  const restore = http.setGlobalProxyFromEnv({
    HTTPS_PROXY: `http://127.0.0.1:${port}`,
    NO_PROXY: '127.0.0.1',
  });
  parts.defer(() => restore());
  const sync = startConfigSync({ name: 'real', kubeUrl: `https://${kube}`, pace: PACE });
  parts.defer(() => sync.close());
}
