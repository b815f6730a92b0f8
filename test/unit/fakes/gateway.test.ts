import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { type Gateway, startGateway } from '#test/fakes/gateway/start-gateway.ts';
import { type Kube, startKube } from '#infra/local/kube/start-kube.ts';

const Page = z.object({
  resources: z.array(z.unknown()),
  nextPageToken: z.string().optional(),
});
const EMAIL = 'countersign@acme.example';
const PATH = '/apis/configsync.gke.io/v1beta1/rootsyncs';
const MEMBERSHIPS = '/v1/projects/fleet-host/locations/-/memberships';

async function open(): Promise<{ gateway: Gateway; kube: Kube }> {
  const kube = await startKube({ name: 'a' });
  const memberships = [
    { id: 'a', location: 'global', server: kube.url },
    { id: 'b', location: 'us-west1', server: kube.url, gke: false },
    { id: 'c', location: 'us-west1', server: kube.url, state: 'CREATING' },
  ];
  const identities = new Map([['token-1', EMAIL]]);
  const hosts = [{ id: 'fleet-host', number: '42', memberships }];
  const gateway = await startGateway({ hosts, identities });
  onTestFinished(async () => {
    await gateway.close();
    await kube.close();
  });
  return { gateway, kube };
}

function get(url: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { headers: { authorization: 'Bearer token-1', ...headers } });
}

describe('the fake of GKE Hub', () => {
  it('lists everything where no size is asked for, with names by project id', async () => {
    const { gateway } = await open();
    expect(await (await get(`${gateway.url}${MEMBERSHIPS}?pageSize=0`)).json()).toEqual({
      resources: [
        expect.objectContaining({
          name: 'projects/fleet-host/locations/global/memberships/a',
          endpoint: { gkeCluster: { resourceLink: expect.any(String) } },
          state: { code: 'READY' },
        }),
        expect.objectContaining({ name: 'projects/fleet-host/locations/us-west1/memberships/b' }),
        expect.objectContaining({ state: { code: 'CREATING' } }),
      ],
    });
  });

  it('pages', async () => {
    const { gateway } = await open();
    const names: unknown[] = [];
    let token: string | undefined = '';
    while (token !== undefined) {
      const answer = await get(`${gateway.url}${MEMBERSHIPS}?pageSize=2&pageToken=${token}`);
      const { resources, nextPageToken } = Page.parse(await answer.json());
      names.push(resources.length);
      token = nextPageToken;
    }
    expect(names).toEqual([2, 1]);
  });

  it.each([
    [401, 'UNAUTHENTICATED', MEMBERSHIPS, { authorization: 'Bearer other' }],
    [403, 'PERMISSION_DENIED', '/v1/projects/other/locations/-/memberships', {}],
    [400, 'INVALID_ARGUMENT', `${MEMBERSHIPS}?pageToken=made-up`, {}],
    [404, 'NOT_FOUND', '/v1/other', {}],
    [404, 'NOT_FOUND', `/v1/projects/42/locations/global/gkeMemberships/x${PATH}`, {}],
    [404, 'NOT_FOUND', `/v1/projects/42/locations/us-west1/gkeMemberships/a${PATH}`, {}],
    [404, 'NOT_FOUND', `/v1/projects/42/locations/global/memberships/a${PATH}`, {}],
    [404, 'NOT_FOUND', `/v1/projects/fleet-host/locations/global/gkeMemberships/a${PATH}`, {}],
  ])('answers %i %s to %s', async (status, code, path, headers) => {
    const { gateway } = await open();
    const answer = await get(`${gateway.url}${path}`, headers);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ error: { code: status, status: code } });
  });
});

describe('the fake of Connect Gateway', () => {
  it.each([
    '/v1/projects/42/locations/global/gkeMemberships/a',
    '/v1/projects/42/locations/us-west1/memberships/b',
  ])('passes calls to %s on as the caller, whatever name he gives', async (server) => {
    const { gateway, kube } = await open();
    const headers = { 'impersonate-user': 'system:admin', 'impersonate-group': 'system:masters' };
    const answer = await get(`${gateway.url}${server}${PATH}?limit=1`, headers);
    expect(answer.status).toBe(200);
    expect(kube.store.requests).toMatchObject([{ user: EMAIL, verb: 'list', path: PATH }]);
    expect([...gateway.calls.values()]).toEqual([1]);
  });
});
