import { describe, expect, it, onTestFinished } from 'vitest';
import { type Kube, startKube } from '#infra/local/kube/start-kube.ts';
import { parseClusterLink } from '#shared/fleet/dns-endpoints.ts';
import type { Fleet } from '#shared/fleet/fleet.ts';
import { DNS_ENDPOINT, GOOGLE_APIS } from '#shared/fleet/google-apis.ts';
import { LISTING_TTL_MS } from '#shared/fleet/limits.ts';
import type { FakeMembership, Permission } from '#test/fakes/gateway/hub.ts';
import { type Gateway, startGateway } from '#test/fakes/gateway/start-gateway.ts';
import { TOKEN, openHubFleet } from '#test/fixtures/hub-fleet.ts';

const HOST = 'gke-4f1c.us-west1.gke.goog';
const NAME = 'projects/fleet-host/locations/us-west1/memberships/a';

interface World {
  readonly kube: Kube;
  readonly gateway: Gateway;
  readonly fleet: Fleet;
  readonly membership: FakeMembership;
  readonly denied: Set<Permission>;
  /** Projects whose endpoints were not known. */
  readonly unknown: string[];
  time: number;
}

async function open(
  dns: FakeMembership['dns'],
  { dnsEndpoints = true, gke = true } = {},
): Promise<World> {
  const kube = await startKube({ name: 'a' });
  const membership: FakeMembership = { id: 'a', location: 'us-west1', server: kube.url, gke };
  if (dns !== undefined) membership.dns = dns;
  const denied = new Set<Permission>();
  const gateway = await startGateway({
    hosts: [{ id: 'fleet-host', number: '42', memberships: [membership] }],
    identities: new Map([[TOKEN, 'countersign@acme.example']]),
    denies: (_, permission) => denied.has(permission),
  });
  onTestFinished(async () => {
    await gateway.close();
    await kube.close();
  });
  const unknown: string[] = [];
  const world = { time: 0, kube, gateway, membership, denied, unknown };
  const fleet = openHubFleet({ projects: ['fleet-host'], dnsEndpoints }, gateway.url, {
    now: () => world.time,
    onNoEndpoints: (project) => void unknown.push(project),
  });
  return Object.assign(world, { fleet });
}

/** Lists once, and says which way the call went. */
async function wayOf({ fleet, gateway }: World): Promise<'dns' | 'gateway'> {
  const before = gateway.direct.get(HOST) ?? 0;
  const member = await fleet.find(NAME);
  if (member === undefined) throw new Error('not found');
  await (await fleet.connect(member)).list('RootSync', { limit: 1 });
  return (gateway.direct.get(HOST) ?? 0) > before ? 'dns' : 'gateway';
}

describe('the way to a cluster', () => {
  const OPEN = { host: HOST, external: true };
  it.each([
    ['has a DNS endpoint', OPEN, {}, 'dns'],
    ['has one for its own network alone', { host: HOST, external: false }, {}, 'gateway'],
    ['has none', undefined, {}, 'gateway'],
    ['is no GKE cluster', OPEN, { gke: false }, 'gateway'],
    ['has one, and the config does not want it', OPEN, { dnsEndpoints: false }, 'gateway'],
    [
      'names a host that is not Google’s',
      { host: 'gke.goog.attacker.example', external: true },
      {},
      'gateway',
    ],
  ] as const)('that %s', async (_, dns, options, way) => {
    const world = await open(dns, options);
    expect(await wayOf(world)).toBe(way);
    const [member] = (await world.fleet.list()).members;
    expect(member?.direct).toBe(way === 'dns' ? true : undefined);
  });

  it('is the same identity to the cluster', async () => {
    const world = await open(OPEN);
    await wayOf(world);
    expect(world.kube.store.requests.map(({ user }) => user)).toEqual(['countersign@acme.example']);
  });

  it('is the gateway as long as GKE does not say, and the endpoint once it does', async () => {
    const world = await open(OPEN);
    world.denied.add('container.clusters.list');
    expect([await wayOf(world), world.unknown]).toEqual(['gateway', ['fleet-host']]);
    world.denied.clear();
    world.time += LISTING_TTL_MS + 1;
    expect(await wayOf(world)).toBe('dns');
  });

  it('changes when the endpoint is closed', async () => {
    const world = await open(OPEN);
    expect(await wayOf(world)).toBe('dns');
    world.membership.dns = { host: HOST, external: false };
    world.time += LISTING_TTL_MS + 1;
    expect(await wayOf(world)).toBe('gateway');
  });

  it('names the permission of its own where it is denied', async () => {
    const world = await open(OPEN);
    world.denied.add('container.clusters.connect');
    await expect(wayOf(world)).rejects.toMatchObject({
      code: 'cluster-forbidden',
      message: expect.stringContaining('container.clusters.connect'),
    });
  });
});

describe('a DNS endpoint', () => {
  it.each([
    ['gke-dc6d549babec45f49a431dc9ca926da159ca-518563762004.us-central1-c.gke.goog', true],
    ['uid.us-central1.gke.goog', true],
    ['gke-1.us-central1-c.autopush.gke.goog', true],
    ['gke.goog', false],
    ['us-central1.gke.goog', false],
    ['gke-1.us-central1.gke.goog.', false],
    ['gke-1.us-central1.gke.goog:443', false],
    ['gke-1.us-central1.gke.goog@attacker.example', false],
    ['attacker.example/gke-1.us-central1.gke.goog', false],
    ['gke-1.us-central1.gke.goog.attacker.example', false],
    ['gke-1.us-central1.notgke.goog', false],
    ['GKE-1.us-central1.gke.goog', false],
    ['', false],
  ])('%s: a token may go there: %s', (host, trusted) => {
    expect(DNS_ENDPOINT.test(host)).toBe(trusted);
  });
});

it('is trusted with a token, and no other host of that domain', () => {
  const trusts = (url: string): boolean => GOOGLE_APIS.trusts(new URL(url));
  expect(trusts(`https://${HOST}/apis`)).toBe(true);
  expect(trusts(`http://${HOST}/apis`)).toBe(false);
  expect(trusts(`https://user@${HOST}/apis`)).toBe(false);
  expect(trusts(`https://${HOST}:8443/apis`)).toBe(false);
  expect(trusts('https://gke.goog/apis')).toBe(false);
});

describe('parseClusterLink()', () => {
  it.each([
    [
      '//container.googleapis.com/projects/p/locations/us-west1/clusters/c',
      { project: 'p', location: 'us-west1', cluster: 'c' },
    ],
    [
      '//container.googleapis.com/projects/p/zones/us-west1-a/clusters/c',
      { project: 'p', location: 'us-west1-a', cluster: 'c' },
    ],
    ['//gkemulticloud.googleapis.com/projects/p/locations/us-west1/awsClusters/c', undefined],
    ['//container.googleapis.com/projects/p/locations/us-west1/clusters/c/x', undefined],
    ['//container.googleapis.com/projects/../locations/us-west1/clusters/c', undefined],
    ['', undefined],
  ])('%s', (link, expected) => {
    expect(parseClusterLink(link)).toEqual(expected);
  });
});
