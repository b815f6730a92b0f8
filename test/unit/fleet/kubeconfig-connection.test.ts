import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createClusterApi } from '#shared/fleet/client.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import { createKubeconfigFleet } from '#shared/fleet/kubeconfig-fleet.ts';
import { kubeconfigDeps } from '#test/fixtures/kubeconfig-fleet.ts';
import { createSelfSigned } from '#test/fixtures/self-signed.ts';
import { LIMITS } from './connect.ts';
import { type ScriptedServer, sendJson, startScripted } from './scripted-server.ts';
import { type ContextSpec, makeFolder, writeContexts } from './write-kubeconfig.ts';

const PAGE = { limit: 1 };

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

async function connect(spec: Omit<ContextSpec, 'name'>, folder?: string): Promise<ClusterApi> {
  const path = await writeContexts(folder ?? (await makeFolder()), [{ name: 'c1', ...spec }]);
  const deps = kubeconfigDeps({ limits: { ...LIMITS, retries: 0 } });
  const fleet = createKubeconfigFleet({ path, contexts: [], labels: {} }, deps, createClusterApi);
  return fleet.connect({ name: 'c1', id: 'c1', labels: {} });
}

function startServer(tls?: { key: string; cert: string }): Promise<ScriptedServer> {
  return startScripted((response) => sendJson(response, 200, { items: [] }), tls);
}

describe('credentials of a context', () => {
  const insecure = { 'insecure-skip-tls-verify': true };

  it.each<[string, Record<string, unknown>, string]>([
    ['a token', { token: 'abc' }, 'Bearer abc'],
    ['a name and password', { username: 'u', password: 'p:w' }, `Basic ${base64('u:p:w')}`],
  ])('are %s', async (_, user, authorization) => {
    const server = await startServer();
    const api = await connect({ cluster: { server: server.url, ...insecure }, user });
    await api.list('RootSync', PAGE);
    expect(server.seen[0]?.headers.authorization).toBe(authorization);
  });

  it('are the content of a token file, which may change', async () => {
    const server = await startServer();
    const folder = await makeFolder();
    await writeFile(join(folder, 'token'), 'from-file\n');
    const user = { tokenFile: 'token', token: 'written' };
    const api = await connect({ cluster: { server: server.url, ...insecure }, user }, folder);
    await api.list('RootSync', PAGE);
    await writeFile(join(folder, 'token'), 'rotated\n');
    await api.list('RootSync', PAGE);
    await rm(join(folder, 'token'));
    await api.list('RootSync', PAGE);
    const sent = server.seen.map(({ headers }) => headers.authorization);
    expect(sent).toEqual(['Bearer from-file', 'Bearer rotated', 'Bearer written']);
  });

  it('are none where a token file is missing, and the cluster is not called', async () => {
    const server = await startServer();
    const user = { tokenFile: 'missing' };
    const api = await connect({ cluster: { server: server.url, ...insecure }, user });
    await expect(api.list('RootSync', PAGE)).rejects.toMatchObject({
      code: 'cluster-unreachable',
      message: expect.stringContaining('tokenFile'),
    });
    expect(server.seen).toEqual([]);
  });

  it('may act as another', async () => {
    const server = await startServer();
    const user = {
      token: 'abc',
      as: 'jürgen',
      'as-uid': 'u-1',
      'as-groups': ['ops', 'dev'],
      'as-user-extra': { Reason: ['a', 'b'], 'acme.example/x y': ['c'] },
    };
    const api = await connect({ cluster: { server: server.url, ...insecure }, user });
    await api.list('RootSync', PAGE);
    expect(server.seen[0]?.headers).toMatchObject({
      authorization: 'Bearer abc',
      'impersonate-user': Buffer.from('jürgen').toString('latin1'),
      'impersonate-uid': 'u-1',
      'impersonate-group': 'ops, dev',
      'impersonate-extra-reason': 'a, b',
      'impersonate-extra-acme.example%2fx%20y': 'c',
    });
  });

  it('are none where the context has no user', async () => {
    const server = await startServer();
    const api = await connect({ cluster: { server: server.url, ...insecure } });
    await api.list('RootSync', PAGE);
    expect(server.seen[0]?.headers.authorization).toBeUndefined();
  });
});

describe('TLS of a context', () => {
  it.each([
    ['with a user', { user: { token: 't' } }],
    ['without one', {}],
  ])('trusts the CA of the cluster, %s, and keeps the connection', async (_, user) => {
    const tls = createSelfSigned();
    const server = await startServer(tls);
    const cluster = { server: server.url, 'certificate-authority-data': base64(tls.cert) };
    const api = await connect({ cluster, ...user });
    for (let call = 0; call < 4; call += 1) await api.list('RootSync', PAGE);
    expect(server.connections()).toBe(1);
  });

  it('reads a CA file beside the kubeconfig', async () => {
    const tls = createSelfSigned();
    const server = await startServer(tls);
    const folder = await makeFolder();
    await writeFile(join(folder, 'ca.pem'), tls.cert);
    const cluster = { server: server.url, 'certificate-authority': 'ca.pem' };
    const api = await connect({ cluster, user: { token: 't' } }, folder);
    expect(await api.list('RootSync', PAGE)).toEqual({ items: [] });
  });

  it.each<[string, Record<string, unknown>]>([
    ['no CA', {}],
    ['another CA', { 'certificate-authority-data': base64(createSelfSigned('other').cert) }],
    ['another name', { 'tls-server-name': 'elsewhere.example' }],
  ])('sends no token to a server that it cannot verify: %s', async (_, fields) => {
    const tls = createSelfSigned();
    const server = await startServer(tls);
    const named =
      'tls-server-name' in fields ? { 'certificate-authority-data': base64(tls.cert) } : {};
    const cluster = { server: server.url, ...named, ...fields };
    const api = await connect({ cluster, user: { token: 't' } });
    await expect(api.list('RootSync', PAGE)).rejects.toMatchObject({ code: 'cluster-unreachable' });
    expect(server.seen).toEqual([]);
  });

  it('verifies nothing only where the kubeconfig says so', async () => {
    const server = await startServer(createSelfSigned());
    const cluster = { server: server.url, 'insecure-skip-tls-verify': true };
    const api = await connect({ cluster, user: { token: 't' } });
    expect(await api.list('RootSync', PAGE)).toEqual({ items: [] });
  });
});
