import { createClusterApi } from '#shared/fleet/client.ts';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { createSelector } from '#shared/core/label-selector.ts';
import type { Fleet } from '#shared/fleet/fleet.ts';
import { type SecretFleetOptions, createSecretFleet } from '#shared/fleet/secret-fleet.ts';
import { createManagementApi } from '#shared/fleet/secrets/management-api.ts';
import { createAgents } from '#shared/fleet/transport.ts';
import { kubeconfigDeps } from '#test/fixtures/kubeconfig-fleet.ts';
import { LIMITS } from './connect.ts';
import { type SeenRequest, sendJson, startScripted } from './scripted-server.ts';

type Data = Readonly<Record<string, string>>;

function secret(name: string, data: Data, labels: Data = {}, namespace = 'argocd') {
  const encoded = Object.entries(data).map(([key, text]) => [key, base64(text)]);
  return { metadata: { namespace, name, labels }, data: Object.fromEntries(encoded) };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

interface World {
  readonly secrets: unknown[];
  readonly clusters: unknown[];
  readonly problems: string[];
  readonly seen: readonly SeenRequest[];
  readonly fleet: Fleet;
  readonly clock: { now: number };
}

/** A fleet of a management cluster that serves lists in pages of one. */
async function start(options: Partial<SecretFleetOptions> = {}): Promise<World> {
  const secrets: unknown[] = [];
  const clusters: unknown[] = [];
  const server = await startScripted((response, { url }) => {
    const { pathname, searchParams } = new URL(url, 'http://x');
    if (pathname === '/apis') {
      const preferredVersion = { groupVersion: 'cluster.x-k8s.io/v1beta2', version: 'v1beta2' };
      const group = { name: 'cluster.x-k8s.io', preferredVersion, versions: [preferredVersion] };
      sendJson(response, 200, { kind: 'APIGroupList', groups: [group] });
      return;
    }
    const all = pathname.endsWith('/secrets') ? secrets : clusters;
    const at = Number(searchParams.get('continue') ?? 0);
    const metadata = at + 1 < all.length ? { continue: String(at + 1) } : {};
    sendJson(response, 200, { metadata, items: all.slice(at, at + 1) });
  });
  const problems: string[] = [];
  const clock = { now: 0 };
  const connection = { server: server.url, authorize: async () => ({ headers: {} }) };
  const limits = { ...LIMITS, retries: 0 };
  const fleet = createSecretFleet(
    { type: 'argocd', namespace: 'argocd', plugins: [], pluginServers: [], ...options },
    {
      ...kubeconfigDeps({ limits }),
      management: () => createManagementApi(connection, { agents: createAgents(), limits }),
      now: () => clock.now,
      onUnreadable: (problem) => problems.push(problem),
    },
    createClusterApi,
  );
  return { secrets, clusters, problems, seen: server.seen, fleet, clock };
}

/** The config of a Secret with a plugin. */
function withPlugin(exec: object, more: object = {}): string {
  const apiVersion = 'client.authentication.k8s.io/v1beta1';
  return JSON.stringify({ execProviderConfig: { command: 'aws', apiVersion, ...exec }, ...more });
}

const NAMES = async (fleet: Fleet) => (await fleet.list()).members.map(({ name }) => name);

describe("the fleet of Argo CD's Secrets", () => {
  it('has their clusters, by name, with their labels', async () => {
    const { fleet, secrets, seen } = await start();
    secrets.push(
      secret('a', { name: 'edge-1', server: 'https://a.test' }, { env: 'prod' }),
      secret('b', { server: 'https://b.test', config: '{}' }),
    );
    expect((await fleet.list()).members).toEqual([
      { name: 'edge-1', id: 'edge-1', labels: { env: 'prod' } },
      { name: 'https://b.test', id: 'https://b.test', labels: {} },
    ]);
    expect(seen.map(({ url }) => url)).toEqual([
      '/api/v1/namespaces/argocd/secrets?labelSelector=argocd.argoproj.io%2Fsecret-type%3Dcluster&limit=200',
      '/api/v1/namespaces/argocd/secrets?continue=1&labelSelector=argocd.argoproj.io%2Fsecret-type%3Dcluster&limit=200',
    ]);
  });

  it('has those that the selector takes', async () => {
    const { fleet, secrets } = await start({ selects: createSelector('env in (prod)') });
    secrets.push(
      secret('a', { name: 'one', server: 'https://a.test' }, { env: 'prod' }),
      secret('b', { name: 'two', server: 'https://b.test' }, { env: 'dev' }),
    );
    expect(await NAMES(fleet)).toEqual(['one']);
    expect(await fleet.find('two')).toBeUndefined();
  });

  it('calls a cluster as its Secret says', async () => {
    const target = await startScripted((response) => sendJson(response, 200, { items: [] }));
    const { fleet, secrets } = await start();
    const config = { bearerToken: 's3cret', tlsClientConfig: { insecure: true } };
    const data = { name: 'edge-1', server: target.url, config: JSON.stringify(config) };
    secrets.push(secret('a', data));
    const member = await fleet.find('edge-1');
    const api = await fleet.connect(member ?? { name: '', id: '', labels: {} });
    expect(await api.list('RootSync', { limit: 1 })).toEqual({ items: [] });
    expect(target.seen[0]?.headers.authorization).toBe('Bearer s3cret');
  });

  it.each<[string, object, string]>([
    [
      'a plugin',
      { execProviderConfig: { command: 'aws', apiVersion: 'client.authentication.k8s.io/v1' } },
      '"aws"; add it to "plugins"',
    ],
    ['a bad server', { username: 'a', bearerToken: 's3cret' }, 'username and password'],
  ])('cannot reach a cluster with %s, and all others', async (_, config, message) => {
    const { fleet, secrets } = await start();
    secrets.push(
      secret('a', { name: 'ill', server: 'https://a.test', config: JSON.stringify(config) }),
      secret('b', { name: 'well', server: 'https://b.test' }),
    );
    expect(await NAMES(fleet)).toEqual(['ill', 'well']);
    await expect(fleet.connect({ name: 'ill', id: '', labels: {} })).rejects.toMatchObject({
      code: 'cluster-unreachable',
      message: expect.stringContaining(message),
    });
    expect((await fleet.connect({ name: 'well', id: '', labels: {} })).cluster).toBe('well');
  });

  it.each([
    ['a.test', 'https://a.test'],
    ['.test', 'https://a.test:6443/path'],
    ['10.0.0.1', 'https://10.0.0.1'],
    ['[2001:db8:0::1]', 'https://[2001:db8::1]:6443'],
  ])('may run a plugin that the config names, for %s', async (host, server) => {
    const { fleet, secrets } = await start({ plugins: ['aws'], pluginServers: [host] });
    secrets.push(secret('a', { name: 'c', server, config: withPlugin({ env: { A: 'b' } }) }));
    expect((await fleet.connect({ name: 'c', id: '', labels: {} })).cluster).toBe('c');
  });

  it.each([
    ['another server', 'https://b.test', {}, 'not for b.test; add it to "pluginServers"'],
    ['a part of its name', 'https://evil-a.test', {}, 'not for evil-a.test'],
    ['what follows its name', 'https://a.test.evil', {}, 'not for a.test.evil'],
    ['an address', 'https://[2001:db8::2]', {}, 'not for [2001:db8::2]'],
    ['a proxy', 'https://a.test', { proxyUrl: 'http://evil.test' }, 'by proxy-url; remove it'],
    [
      'a server under another name',
      'https://a.test',
      { tlsClientConfig: { serverName: 'evil.test' } },
      'by tls-server-name',
    ],
    [
      'a server that is not verified',
      'https://a.test',
      { tlsClientConfig: { insecure: true } },
      'by insecure-skip-tls-verify',
    ],
  ])("sends no plugin's credentials to %s", async (_, server, more, message) => {
    const { fleet, secrets } = await start({
      plugins: ['aws'],
      pluginServers: ['a.test', '[2001:db8::1]', '[:::]'],
    });
    secrets.push(secret('a', { name: 'c', server, config: withPlugin({}, more) }));
    await expect(fleet.connect({ name: 'c', id: '', labels: {} })).rejects.toMatchObject({
      code: 'cluster-unreachable',
      message: expect.stringContaining(message),
    });
  });

  it.each(['PATH', 'LD_PRELOAD', 'NODE_OPTIONS', 'PYTHONPATH', 'BASH_ENV'])(
    'runs no other program in the place of a plugin by %s',
    async (name) => {
      const { fleet, secrets } = await start({ plugins: ['aws'], pluginServers: ['a.test'] });
      const config = withPlugin({ env: { AWS_PROFILE: 'edge', [name]: '/tmp' } });
      secrets.push(secret('a', { name: 'c', server: 'https://a.test', config }));
      await expect(fleet.connect({ name: 'c', id: '', labels: {} })).rejects.toMatchObject({
        code: 'cluster-unreachable',
        message: expect.stringContaining(`exec sets ${name}`),
      });
    },
  );

  it('leaves out what is no cluster, and says so', async () => {
    const { fleet, secrets, problems } = await start();
    secrets.push(
      secret('a', {}),
      secret('b', { server: 'https://b.test', config: '{"bearerToken": "s3cret"' }),
      secret('c', { server: 'https://c.test', config: '{"awsAuthConfig": {}}' }),
      secret('d', { name: 'one', server: 'https://d.test' }),
      'nothing',
    );
    expect(await NAMES(fleet)).toEqual(['one']);
    expect(problems).toEqual([
      'Secret argocd/a has no server',
      'Secret argocd/b has a config that is not JSON of the expected form',
      expect.stringContaining('Secret argocd/c has awsAuthConfig'),
    ]);
  });

  it.each([
    ['of equal labels', { env: 'prod' }],
    ['of which the selector takes one', { env: 'dev' }],
  ])('uses neither of two Secrets of one name, %s', async (_, labels) => {
    const selects = createSelector('env in (prod)');
    const { fleet, secrets, problems } = await start({ selects });
    secrets.push(
      secret('d', { name: 'one', server: 'https://d.test' }, labels),
      secret('e', { name: 'one', server: 'https://e.test' }, { env: 'prod' }),
      secret('f', { name: 'two', server: 'https://f.test' }, { env: 'prod' }),
    );
    expect(await NAMES(fleet)).toEqual(['one', 'two']);
    await expect(fleet.connect({ name: 'one', id: '', labels: {} })).rejects.toMatchObject({
      code: 'cluster-unreachable',
      retry: false,
      message: expect.stringMatching(
        /Secrets argocd\/[de] and argocd\/[de] are both of cluster "one"/,
      ),
    });
    expect((await fleet.connect({ name: 'two', id: '', labels: {} })).cluster).toBe('two');
    expect(problems).toEqual([expect.stringContaining('are both of cluster "one"')]);
  });

  it('is listed anew after a while, and for a name that is not there', async () => {
    const { fleet, secrets, clock, seen } = await start();
    secrets.push(secret('a', { name: 'one', server: 'https://a.test' }));
    expect(await NAMES(fleet)).toEqual(['one']);
    secrets[0] = secret('a', { name: 'two', server: 'https://a.test' });
    expect(await NAMES(fleet)).toEqual(['one']);
    expect((await fleet.find('two'))?.name).toBe('two');
    for (let ask = 0; ask < 5; ask += 1) await fleet.find('forged');
    expect(seen).toHaveLength(2);
    clock.now += 30_000;
    expect(await NAMES(fleet)).toEqual(['two']);
    expect(seen).toHaveLength(3);
  });
});

describe("the fleet of Cluster API's Secrets", () => {
  const LABEL = 'cluster.x-k8s.io/cluster-name';
  const config = (user: object, cluster: object = {}) =>
    stringify({
      clusters: [{ name: 'k', cluster: { server: 'https://k.test', ...cluster } }],
      users: [{ name: 'admin', user }],
      contexts: [{ name: 'admin@k', context: { cluster: 'k', user: 'admin' } }],
      'current-context': 'admin@k',
    });
  const owned = (name: string, value: string) =>
    secret(`${name}-kubeconfig`, { value }, { [LABEL]: name }, 'fleet');
  const cluster = (name: string, labels: Data = {}) => ({
    metadata: { namespace: 'fleet', name, labels },
  });

  it('has the Clusters that have a kubeconfig, with the labels of the Clusters', async () => {
    const { fleet, secrets, clusters, seen } = await start({
      type: 'clusterApi',
      namespace: 'fleet',
    });
    secrets.push(
      owned('one', config({ token: 't' })),
      owned('gone', config({ token: 't' })),
      secret('one-ca', { 'tls.crt': 'x' }, { [LABEL]: 'one' }, 'fleet'),
    );
    clusters.push(cluster('one', { env: 'prod' }), cluster('new'));
    expect((await fleet.list()).members).toEqual([
      { name: 'fleet/one', id: 'one', labels: { env: 'prod' } },
    ]);
    expect(
      seen.some(({ url }) =>
        url.startsWith('/apis/cluster.x-k8s.io/v1beta2/namespaces/fleet/clusters?'),
      ),
    ).toBe(true);
    expect((await fleet.connect({ name: 'fleet/one', id: '', labels: {} })).cluster).toBe(
      'fleet/one',
    );
  });

  it.each<[string, string]>([
    ['tokenFile', config({ tokenFile: '/etc/shadow' })],
    ['client-key', config({ 'client-certificate-data': base64('x'), 'client-key': '/etc/key' })],
    ['certificate-authority', config({}, { 'certificate-authority': '/etc/ca' })],
    [
      'exec',
      config({
        exec: {
          command: './x',
          apiVersion: 'client.authentication.k8s.io/v1',
          interactiveMode: 'Never',
        },
      }),
    ],
  ])('takes no %s of a Secret', async (field, value) => {
    const { fleet, secrets, clusters } = await start({ type: 'clusterApi' });
    secrets.push(owned('one', value));
    clusters.push(cluster('one'));
    expect(await NAMES(fleet)).toEqual(['fleet/one']);
    await expect(fleet.connect({ name: 'fleet/one', id: '', labels: {} })).rejects.toMatchObject({
      code: 'cluster-unreachable',
      message: expect.stringContaining(`${field} names`),
    });
  });

  it('leaves out a kubeconfig that is none', async () => {
    const { fleet, secrets, clusters, problems } = await start({ type: 'clusterApi' });
    secrets.push(owned('one', 'users: [s3cret'));
    clusters.push(cluster('one'));
    expect(await NAMES(fleet)).toEqual([]);
    expect(problems).toEqual(['Kubeconfig of Secret fleet/one-kubeconfig is not YAML']);
  });
});
