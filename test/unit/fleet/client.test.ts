import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import type { SyncRef } from '#shared/core/sync-ref.ts';
import { connectTo, createOpenPace } from './connect.ts';
import { sendJson, startScripted } from './scripted-server.ts';

const REF: SyncRef = { kind: 'RepoSync', namespace: 'team-a', name: 'repo-sync' };
const PATH = '/apis/configsync.gke.io/v1beta1';
const BODY = { metadata: { resourceVersion: '41', annotations: { a: 'b' } } };
const OPTIONS = { fieldManager: 'countersign' };

describe('what the client sends', () => {
  it('lists all namespaces, page by page', async () => {
    const server = await startScripted((response, _, index) => {
      const metadata = { continue: index === 0 ? 'next' : '' };
      sendJson(response, 200, { kind: 'RootSyncList', metadata, items: [{ index }] });
    });
    const api = await connectTo(server.url);
    const first = await api.list('RootSync', { limit: 500 });
    expect(first).toEqual({ items: [{ index: 0 }], continue: 'next' });
    expect(await api.list('RootSync', { limit: 500, continue: 'next' })).toEqual({
      items: [{ index: 1 }],
    });
    expect(server.seen.map(({ method, url }) => [method, url])).toEqual([
      ['GET', `${PATH}/rootsyncs?limit=500`],
      ['GET', `${PATH}/rootsyncs?continue=next&limit=500`],
    ]);
  });

  it('sends a merge patch, under Countersign’s name, and asks for a dry run where asked to', async () => {
    const server = await startScripted((response) => sendJson(response, 200, {}));
    const api = await connectTo(server.url);
    await api.patch(REF, BODY, OPTIONS);
    await api.patch(REF, BODY, { ...OPTIONS, dryRun: true });
    const place = `${PATH}/namespaces/team-a/reposyncs/repo-sync`;
    expect(server.seen.map(({ method, url }) => [method, url])).toEqual([
      ['PATCH', `${place}?fieldManager=countersign`],
      ['PATCH', `${place}?dryRun=All&fieldManager=countersign`],
    ]);
    expect(server.seen[0]?.headers).toMatchObject({
      'content-type': 'application/merge-patch+json',
      'user-agent': 'countersign',
      authorization: 'Bearer t',
    });
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual(BODY);
  });

  it('keeps the path of a gateway in front of its own', async () => {
    const server = await startScripted((response) => sendJson(response, 200, { items: [] }));
    const base = '/v1/projects/12/locations/global/gkeMemberships/c1';
    const api = await connectTo(`${server.url}${base}`);
    await api.list('RepoSync', { limit: 1 });
    expect(server.seen[0]?.url).toBe(`${base}${PATH}/reposyncs?limit=1`);
  });

  it('asks for credentials before each attempt', async () => {
    const server = await startScripted((response, _, index) =>
      sendJson(response, index === 0 ? 503 : 200, { items: [] }),
    );
    let token = 0;
    const authorize = async (): Promise<{ headers: Record<string, string> }> => {
      token += 1;
      return { headers: { Authorization: `Bearer ${token}` } };
    };
    const api = await connectTo(server.url, { authorize });
    await api.list('RootSync', { limit: 1 });
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer 1',
      'Bearer 2',
    ]);
  });

  it('keeps its connections', async () => {
    const server = await startScripted((response) => sendJson(response, 200, { items: [] }));
    const api = await connectTo(server.url);
    for (let call = 0; call < 5; call += 1) await api.list('RootSync', { limit: 1 });
    // undici lets one rest for a turn after its answer.
    expect(server.connections()).toBeLessThanOrEqual(2);
  });
});

describe('what the client reads', () => {
  it('says that an object is gone, and that a cluster has no Config Sync', async () => {
    const server = await startScripted((response, { url }) =>
      url.endsWith('/repo-sync')
        ? sendJson(response, 404, { kind: 'Status', details: { name: 'repo-sync' } })
        : response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n'),
    );
    const api = await connectTo(server.url);
    expect(await api.get(REF)).toBeUndefined();
    expect(await api.discover()).toBe(false);
    await expect(api.list('RootSync', { limit: 1 })).rejects.toMatchObject({
      code: 'no-config-sync',
    });
    await expect(api.get({ ...REF, name: 'other' })).rejects.toMatchObject({
      code: 'no-config-sync',
    });
  });

  it.each([
    [['rootsyncs', 'rootsyncs/status', 'reposyncs'], true],
    [['rootsyncs'], false],
    [[], false],
  ])('discovers Config Sync among %j: %s', async (names, found) => {
    const server = await startScripted((response) =>
      sendJson(response, 200, {
        kind: 'APIResourceList',
        groupVersion: 'configsync.gke.io/v1beta1',
        resources: names.map((name) => ({ name })),
      }),
    );
    const api = await connectTo(server.url);
    expect(await api.discover()).toBe(found);
  });

  it.each<[string, string, string]>([
    ['a sign-in page', 'text/html', '<html>Sign in</html>'],
    ['broken JSON', 'application/json', '{"items": ['],
    ['JSON that is no list', 'application/json', '{"items": 7}'],
    ['a content type of its own', 'application/vnd.kubernetes.protobuf', 'k8s'],
  ])('takes %s for no API server, and asks once', async (_, type, text) => {
    const server = await startScripted((response) =>
      response.writeHead(200, { 'content-type': type }).end(text),
    );
    const api = await connectTo(server.url);
    await expect(api.list('RootSync', { limit: 1 })).rejects.toMatchObject({
      code: 'cluster-unreachable',
      retry: false,
    });
    expect(server.seen).toHaveLength(1);
  });

  it('does not follow a redirect, wherever it points', async () => {
    const target = await startScripted((response) => sendJson(response, 200, { items: [] }));
    const server = await startScripted((response) =>
      response.writeHead(307, { location: `${target.url}/computeMetadata` }).end(),
    );
    const api = await connectTo(server.url);
    await expect(api.list('RootSync', { limit: 1 })).rejects.toMatchObject({
      code: 'cluster-unreachable',
    });
    expect(target.seen).toEqual([]);
  });

  it.each([
    ['announced', { 'content-length': '10001' }],
    ['unannounced', {}],
  ])('hangs up on an answer that is too large, %s', async (_, headers) => {
    const server = await startScripted((response) =>
      response
        .writeHead(200, { 'content-type': 'application/json', ...headers })
        .end('x'.repeat(10_001)),
    );
    const api = await connectTo(server.url);
    await expect(api.list('RootSync', { limit: 1 })).rejects.toMatchObject({ code: 'too-large' });
    expect(server.seen).toHaveLength(1);
  });
});

describe('when credentials cannot be had', () => {
  it('calls no server, and says so', async () => {
    const server = await startScripted((response) => sendJson(response, 200, { items: [] }));
    const pace = createOpenPace();
    const authorize = async (): Promise<never> => {
      throw new Error('plugin failed with secret');
    };
    const api = await connectTo(server.url, { authorize, pace });
    const failure: unknown = await api
      .list('RootSync', { limit: 1 })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CountersignError);
    expect(failure).toMatchObject({ code: 'cluster-unreachable' });
    expect(String(failure)).not.toContain('secret');
    expect(server.seen).toEqual([]);
  });
});
