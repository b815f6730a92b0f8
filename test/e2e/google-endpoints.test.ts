import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Used } from './google/google.ts';
import { printTable } from './google/print-table.ts';
import { CLUSTER, ENDPOINT, IMAGE, openWorld, PROJECT, type World } from './google/world.ts';

// Clusters by the DNS endpoints of their control planes (docs/google-cloud.md, `fleet.dns_endpoints`), as the accounts and
// with the roles that the module makes, at an emulated Google. Each permission is withheld once.

const ACCOUNTS = {
  push: 'countersign-push',
  cluster: 'countersign',
  sweep: 'countersign-sweep',
  api: 'countersign-api',
} as const;
type Name = keyof typeof ACCOUNTS;
const memberOf = (name: Name): string =>
  `serviceAccount:${ACCOUNTS[name]}@${PROJECT}.iam.gserviceaccount.com`;

let world: World;

beforeAll(async () => {
  world = await openWorld([['images = [{', 'fleet = { dns_endpoints = true }\n  images = [{']]);
});
afterAll(() => world?.close());
beforeEach(() => world.installation.google.weather.withheld.clear());

const pushEvent = (): Promise<number> => {
  const event = { action: 'INSERT', digest: `${IMAGE}@${world.digest}`, tag: `${IMAGE}:v1` };
  const data = Buffer.from(JSON.stringify(event)).toString('base64');
  return world.deliveries.push('gcr-push', { data });
};
const tasks = () => world.tasksOf('countersign-tasks');

async function readLive(): Promise<boolean> {
  const { tokens } = world.installation.google;
  const audience = `https://countersign-api.${PROJECT}.internal`;
  const email = `countersign-caller@${PROJECT}.iam.gserviceaccount.com`;
  const token = tokens.idToken({ email, audience, includeEmail: true });
  const answer = await fetch(`${world.urlOf('api')}/v1/fleet?live=true`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const text = await answer.text();
  return answer.status === 200 && text.includes('RootSync/root-sync') && !text.includes('Not read');
}

/** What each function is there for, and whether it came to it. */
const WORK: Readonly<Record<Name, () => Promise<boolean>>> = {
  async push() {
    const before = tasks().length;
    return (await pushEvent()) === 200 && tasks().length > before;
  },
  async cluster() {
    const status = await world.deliveries.push('countersign-tasks-cluster', tasks().at(-1) ?? {});
    return status === 200 && (await world.approved())?.includes(world.digest) === true;
  },
  sweep: async () => (await world.deliveries.run('countersign-sweep')) === 200,
  api: readLive,
};

interface Done {
  readonly done: boolean;
  /** Of whom, how clusters were called: `dns`, `gateway`, both or neither. */
  readonly ways: readonly string[];
  readonly refused: readonly Used[];
}

/** Starts a function anew, and has it do its work. */
async function run(name: Name): Promise<Done> {
  const { used } = world.installation.google;
  await world.start(name, memberOf(name));
  const from = used.length;
  const done = await WORK[name]();
  const asked = used.slice(from);
  const ways = asked.flatMap(({ permission, role }) => {
    if (role === undefined) return [];
    if (permission === 'container.clusters.connect') return ['dns'];
    return permission.startsWith('gkehub.gateway.') ? ['gateway'] : [];
  });
  return {
    done,
    ways: [...new Set(ways)],
    refused: asked.filter(({ role }) => role === undefined),
  };
}

describe('with the roles of the module', () => {
  it.each([
    ['push', []],
    ['cluster', ['dns']],
    ['sweep', []],
    ['api', ['dns']],
  ] as const)('%s does its work, and calls clusters by %j', async (name, ways) => {
    expect(await run(name)).toEqual({ done: true, ways, refused: [] });
  });

  it('nothing is sent that Google does not describe', () => {
    expect(world.installation.google.problems).toEqual([]);
  });
});

/** What a function does, and logs, in a world that begins anew and where it lacks a permission. */
async function runWithout(permission: string, name: Name) {
  await world.forget();
  expect((await run('push')).done).toBe(true);
  world.installation.google.weather.withheld.add(`${memberOf(name)} ${permission}`);
  const from = world.functions.lines.length;
  const ran = await run(name);
  return { ...ran, log: world.functions.lines.slice(from).join('\n') };
}

describe('without container.clusters.connect', () => {
  it.each([
    // People at the API see the failure in its answer.
    ['api', ''],
    ['cluster', 'countersignEndpointCaller'],
  ] as const)('%s reaches no cluster, and its log names %s', async (name, role) => {
    const permission = 'container.clusters.connect';
    const { done, ways, refused, log } = await runWithout(permission, name);
    expect({ done, ways }).toEqual({ done: false, ways: [] });
    const on = `container/${CLUSTER}`;
    expect(refused[0]).toMatchObject({ member: memberOf(name), permission, on });
    expect(log).toContain(role);
  });
});

describe('without container.clusters.list', () => {
  it.each([
    ['push', []],
    ['cluster', ['gateway']],
    ['sweep', []],
    ['api', ['gateway']],
  ] as const)('%s works on, calls clusters by %j, and says what is missing', async (name, ways) => {
    const permission = 'container.clusters.list';
    const { refused, log, ...rest } = await runWithout(permission, name);
    expect(rest).toEqual({ done: true, ways });
    expect(new Set(refused.map((one) => one.permission))).toEqual(new Set([permission]));
    expect(log).toContain(permission);
  });
});

describe('an endpoint that is closed', () => {
  it('is not called: the gateway is', async () => {
    const { google } = world.installation;
    const place = `container/${CLUSTER}`;
    const before = google.resources.get(place) ?? {};
    const dnsEndpointConfig = { endpoint: ENDPOINT, allowExternalTraffic: false };
    google.add(place, { ...before, controlPlaneEndpointsConfig: { dnsEndpointConfig } });
    expect(await run('api')).toEqual({ done: true, ways: ['gateway'], refused: [] });
    google.add(place, before);
  });
});

describe('what was granted for it', () => {
  it('is what was needed, permission by permission', () => {
    const { used, policies } = world.installation.google;
    const ours = used.filter(({ permission }) => permission.startsWith('container.'));
    printTable(ours.filter(({ role }) => role !== undefined));
    const names: readonly Name[] = ['push', 'cluster', 'sweep', 'api'];
    const granted = names.flatMap((name) =>
      policies
        .grants()
        .filter(({ member, role }) => member === memberOf(name) && role.includes('Endpoint'))
        .flatMap(({ role }) => policies.permissionsOf(role).map((one) => `${name} ${one}`)),
    );
    const needed = new Set(
      ours
        .filter(({ role }) => role !== undefined)
        .map(({ member, permission }) => {
          return `${names.find((name) => memberOf(name) === member)} ${permission}`;
        }),
    );
    expect([...needed].toSorted()).toEqual(granted.toSorted());
  });
});
