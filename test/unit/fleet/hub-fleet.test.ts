import { describe, expect, it, onTestFinished } from 'vitest';
import type { FakeMembership, FleetHost } from '#test/fakes/gateway/hub.ts';
import {
  type Gateway,
  type GatewayOptions,
  startGateway,
} from '#test/fakes/gateway/start-gateway.ts';
import type { Fleet } from '#shared/fleet/fleet.ts';
import { LISTING_TTL_MS, MEMBERSHIPS_PAGE } from '#shared/fleet/limits.ts';
import { TOKEN, openHubFleet } from '#test/fixtures/hub-fleet.ts';

const NOWHERE = 'http://127.0.0.1:1';

function member(id: string, more: Partial<FakeMembership> = {}): FakeMembership {
  return { id, location: 'us-west1', server: NOWHERE, ...more };
}

function hostOf(memberships: FakeMembership[], id = 'fleet-host', number = '42'): FleetHost {
  return { id, number, memberships };
}

interface World {
  readonly gateway: Gateway;
  readonly fleet: Fleet;
  time: number;
  /** Tokens that were asked for. */
  tokens: number;
}

async function open(
  hosts: readonly FleetHost[],
  options: { labelSelector?: string; projects?: string[] } & Partial<GatewayOptions> = {},
): Promise<World> {
  const { labelSelector, projects = hosts.map(({ id }) => id), ...rest } = options;
  const identities = new Map([[TOKEN, 'countersign@acme.example']]);
  const gateway = await startGateway({ hosts, identities, ...rest });
  onTestFinished(() => gateway.close());
  const world = { time: 0, tokens: 0 };
  const selector = labelSelector === undefined ? {} : { labelSelector };
  const fleet = openHubFleet({ projects, ...selector }, gateway.url, {
    now: () => world.time,
    googleToken: async () => {
      world.tokens += 1;
      return TOKEN;
    },
  });
  return Object.assign(world, { gateway, fleet });
}

async function idsOf(fleet: Fleet): Promise<readonly string[]> {
  return (await fleet.list()).members.map(({ id }) => id);
}

describe('list()', () => {
  it('names members in full, with their labels, of all locations', async () => {
    const labels = { env: 'prod' };
    const { fleet } = await open([
      hostOf([member('a', { labels }), member('b', { location: 'global', gke: false })]),
    ]);
    expect(await fleet.list()).toEqual({
      members: [
        { name: 'projects/fleet-host/locations/us-west1/memberships/a', id: 'a', labels },
        { name: 'projects/fleet-host/locations/global/memberships/b', id: 'b', labels: {} },
      ],
      unreachable: [],
    });
  });

  it('reads page after page, none missing and none twice', async () => {
    const count = 2 * MEMBERSHIPS_PAGE + 1;
    const ids = Array.from({ length: count }, (_, index) => `c${index}`);
    const world = await open([hostOf(ids.map((id) => member(id)))]);
    expect(await idsOf(world.fleet)).toEqual(ids);
    expect(world.tokens).toBe(3);
  });

  it.each([
    ['READY', true],
    ['UPDATING', true],
    ['SERVICE_UPDATING', true],
    ['CODE_UNSPECIFIED', true],
    ['SOMETHING_NEW', true],
    ['CREATING', false],
    ['DELETING', false],
  ])('takes a membership in state %s for a member: %s', async (state, expected) => {
    const { fleet } = await open([hostOf([member('a', { state })])]);
    expect(await idsOf(fleet)).toEqual(expected ? ['a'] : []);
  });

  it.each([
    [undefined, ['a', 'b', 'c']],
    ['env in (staging, prod)', ['a', 'b']],
    ['env=prod,tier!=sandbox', ['a']],
    ['!env', ['c']],
  ])('selects by %s', async (labelSelector, expected) => {
    const memberships = [
      member('a', { labels: { env: 'prod' } }),
      member('b', { labels: { env: 'staging', tier: 'sandbox' } }),
      member('c'),
    ];
    const selector = labelSelector === undefined ? {} : { labelSelector };
    const { fleet } = await open([hostOf(memberships)], selector);
    expect(await idsOf(fleet)).toEqual(expected);
  });

  it('reads every project, and each once', async () => {
    const hosts = [hostOf([member('a')]), hostOf([member('b')], 'other-host', '43')];
    const projects = ['fleet-host', 'other-host', 'fleet-host'];
    const { fleet } = await open(hosts, { projects });
    expect(await idsOf(fleet)).toEqual(['a', 'b']);
  });

  it('names locations that could not be listed', async () => {
    const host = { ...hostOf([member('a'), member('b', { location: 'asia-east1' })]) };
    host.unreachable = ['asia-east1'];
    const { fleet } = await open([host]);
    const list = await fleet.list();
    expect(list.members.map(({ id }) => id)).toEqual(['a']);
    expect(list.unreachable).toEqual(['projects/fleet-host/locations/asia-east1']);
  });

  it.each([
    ['a stranger', { identities: new Map() }, 'fleet-unavailable', true],
    ['IAM', { denies: () => true }, 'bad-config', false],
    ['an unknown project', { projects: ['no-such-host'] }, 'bad-config', false],
  ])('is refused to %s', async (_, options, code, retry) => {
    const { fleet } = await open([hostOf([member('a')])], options);
    await expect(fleet.list()).rejects.toMatchObject({ code, retry });
  });

  it('asks Hub once for all who ask within the time to live', async () => {
    const world = await open([hostOf([member('a')])]);
    await Promise.all([world.fleet.list(), world.fleet.list(), world.fleet.list()]);
    world.time = LISTING_TTL_MS - 1;
    await world.fleet.list();
    expect(world.tokens).toBe(1);
    world.time = LISTING_TTL_MS;
    await world.fleet.list();
    expect(world.tokens).toBe(2);
  });
});

describe('find()', () => {
  const NAME = 'projects/fleet-host/locations/us-west1/memberships/a';

  it('knows members by their full names', async () => {
    const { fleet } = await open([hostOf([member('a')])]);
    expect(await fleet.find(NAME)).toMatchObject({ name: NAME, id: 'a' });
  });

  it.each([
    'a',
    `${NAME}/`,
    `/${NAME}`,
    NAME.toUpperCase(),
    NAME.replace('fleet-host', '42'),
    NAME.replace('us-west1', 'global'),
    NAME.replace('fleet-host', 'other-host'),
  ])('knows none by %s', async (name) => {
    const { fleet } = await open([hostOf([member('a')])]);
    expect(await fleet.find(name)).toBeUndefined();
  });

  it('finds no membership that the selector leaves out', async () => {
    const { fleet } = await open([hostOf([member('a')])], { labelSelector: 'env' });
    expect(await fleet.find(NAME)).toBeUndefined();
  });

  it('finds a member that is younger than the listing', async () => {
    const host = hostOf([]);
    const { fleet } = await open([host]);
    await fleet.list();
    host.memberships = [member('a')];
    expect(await fleet.find(NAME)).toMatchObject({ id: 'a' });
  });

  it('asks Hub nothing for a name that it knows', async () => {
    const world = await open([hostOf([member('a')])]);
    await world.fleet.list();
    for (let time = 0; time < 3; time += 1) await world.fleet.find(NAME);
    expect(world.tokens).toBe(1);
  });

  it('lists once more, and no more, for many forged names', async () => {
    const world = await open([hostOf([member('a')])]);
    await world.fleet.list();
    const forged = Array.from({ length: 100 }, (_, index) => `${NAME}${index}`);
    await Promise.all(forged.map((name) => world.fleet.find(name)));
    expect(world.tokens).toBe(2);
  });

  it('does not take a location that could not be listed for one without the cluster', async () => {
    const host = { ...hostOf([member('a'), member('b', { location: 'asia-east1' })]) };
    host.unreachable = ['us-west1'];
    const { fleet } = await open([host]);
    await expect(fleet.find(NAME)).rejects.toMatchObject({
      code: 'fleet-unavailable',
      retry: true,
    });
    expect(
      await fleet.find('projects/fleet-host/locations/asia-east1/memberships/b'),
    ).toBeDefined();
  });
});
