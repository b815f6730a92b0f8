import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Used } from './google/google.ts';
import { printTable } from './google/print-table.ts';
import { IMAGE, openWorld, PROJECT, type World } from './google/world.ts';

// A roll-out in stages with the records' database that the module makes, as the accounts and with the roles that it gives
// them, at an emulated Google (docs/store.md#records). Each permission on that database is withheld once.

const ACCOUNTS = {
  push: 'countersign-push',
  cluster: 'countersign',
  sweep: 'countersign-sweep',
  api: 'countersign-api',
} as const;
type Name = keyof typeof ACCOUNTS;
const NAMES: readonly Name[] = ['push', 'cluster', 'sweep', 'api'];
const memberOf = (name: Name): string =>
  `serviceAccount:${ACCOUNTS[name]}@${PROJECT}.iam.gserviceaccount.com`;
const RECORDS = `firestore/projects/${PROJECT}/databases/countersign-records`;

const STAGED = `records = {}
  rollouts = { strategies = { fleet = { stages = [{ name = "all" }] } } }`;

let world: World;
let digests: { readonly one: string; readonly two: string };

beforeAll(async () => {
  world = await openWorld([
    ['images = [{', `${STAGED}\n  images = [{`],
    ['trust = "release"\n', 'trust = "release"\n    rollout = "fleet"\n'],
  ]);
  const manifests = join(world.programs.folder, 'manifests');
  await mkdir(manifests);
  const text = 'apiVersion: v1\nkind: Namespace\nmetadata: { name: other }\n';
  await writeFile(join(manifests, 'namespace.yaml'), text);
  digests = { two: await world.publish(manifests), one: await world.publish() };
});
afterAll(() => world?.close());
beforeEach(() => world.installation.google.weather.withheld.clear());

const pushEvent = (digest: string): Promise<number> => {
  const event = { action: 'INSERT', digest: `${IMAGE}@${digest}`, tag: `${IMAGE}:v1` };
  const data = Buffer.from(JSON.stringify(event)).toString('base64');
  return world.deliveries.push('gcr-push', { data });
};
const lastOf = (topic: string) => world.tasksOf(topic).at(-1) ?? {};
const handleTask = (topic: string): Promise<number> =>
  world.deliveries.push(`${topic}-cluster`, lastOf(topic));

/** Where the roll-out stands: its state, and the last digits of its digest. */
async function stands(): Promise<string> {
  const [{ status, digest } = { status: 'none', digest: '' }] = await world.rollouts();
  const name = digest === digests.one ? 'one' : digest === digests.two ? 'two' : digest;
  return `${status} ${name}`.trim();
}

async function ask(path: string, body?: object): Promise<number> {
  const { tokens } = world.installation.google;
  const audience = `https://countersign-api.${PROJECT}.internal`;
  const email = `countersign-caller@${PROJECT}.iam.gserviceaccount.com`;
  const token = tokens.idToken({ email, audience, includeEmail: true });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const answer = await fetch(`${world.urlOf('api')}${path}`, { headers, ...init });
  return answer.status;
}

async function idOf(): Promise<string> {
  const [record] = await world.rollouts();
  return String(Object(record).id);
}

/** Forgets everything, each of these functions too; then each cluster has been looked at, and nothing is recorded. */
async function begin(...names: readonly Name[]): Promise<void> {
  await world.forget();
  const needed = new Set<Name>(['sweep', 'cluster', ...names]);
  await Promise.all([...needed].map((name) => world.start(name, memberOf(name))));
  await world.deliveries.run('countersign-sweep');
  await handleTask('countersign-sweep-tasks');
}

interface Step {
  /** What is there before it. */
  readonly before: () => Promise<unknown>;
  readonly work: () => Promise<unknown>;
  readonly done: () => Promise<boolean>;
}

const recorded = async (): Promise<boolean> => (await stands()) === 'rolling one';
const push: Step = {
  before: () => begin('push'),
  work: () => pushEvent(digests.one),
  done: recorded,
};

/** What each function does with the records. */
const STEPS: Readonly<Record<Name, Step>> = {
  push,
  sweep: {
    before: () => begin(),
    work: () => world.deliveries.run('countersign-sweep'),
    done: recorded,
  },
  cluster: {
    before: async () => void (await begin('push'), await push.work()),
    work: () => handleTask('countersign-tasks'),
    done: async () => (await world.approved()) === digests.one,
  },
  api: {
    before: async () => void (await begin('push', 'api'), await push.work()),
    work: async () => ask(`/v1/rollouts/${await idOf()}/pause`, { reason: 'test' }),
    done: async () => (await stands()) === 'paused one',
  },
};

describe('with the roles of the module', () => {
  it('nothing is approved without a record', async () => {
    await begin();
    expect([await stands(), await world.approved()]).toEqual(['none', undefined]);
  });

  it.each(NAMES)('%s does its part', async (name) => {
    const { before, work, done } = STEPS[name];
    await before();
    expect(await done()).toBe(false);
    await work();
    expect(await done()).toBe(true);
  });

  it('a newer digest takes the place of the one before', async () => {
    await begin('push');
    await push.work();
    await world.publish(join(world.programs.folder, 'manifests'));
    await pushEvent(digests.two);
    expect(await stands()).toBe('rolling two');
    await world.publish();
  });

  it('nothing is refused, and nothing is sent that Google does not describe', () => {
    const { used, problems } = world.installation.google;
    expect(used.filter(({ role }) => role === undefined)).toEqual([]);
    expect(problems).toEqual([]);
  });
});

/** `api` makes no first record: it changes an existing one. */
const WITHHELD: Readonly<Record<Name, readonly string[]>> = {
  push: ['create', 'get', 'list', 'update'],
  sweep: ['create', 'get', 'list', 'update'],
  cluster: ['get', 'list'],
  api: ['get', 'list', 'update'],
};
const CASES = NAMES.flatMap((name) =>
  WITHHELD[name].map((verb) => [name, `datastore.entities.${verb}`] as const),
);

describe('without one permission on the records', () => {
  it.each(CASES)('%s does not do its part: %s', async (name, permission) => {
    const { used, weather } = world.installation.google;
    const { before, work, done } = STEPS[name];
    await before();
    weather.withheld.add(`${memberOf(name)} ${permission} ${RECORDS}`);
    const from = used.length;
    await work();
    const refused = used.slice(from).filter(({ role }) => role === undefined);
    expect(refused[0]).toMatchObject({ member: memberOf(name), permission, on: RECORDS });
    expect(await done()).toBe(false);
  });
});

describe('what was granted on the records', () => {
  it('is what was needed, permission by permission', () => {
    const { used } = world.installation.google;
    const ours = used.filter(({ on, role }: Used) => on === RECORDS && role !== undefined);
    printTable(ours);
    for (const name of NAMES) {
      const needed = ours.flatMap(({ member, permission }) =>
        member === memberOf(name) ? permission.replace('datastore.entities.', '') : [],
      );
      expect([name, [...new Set(needed)].toSorted()]).toEqual([name, WITHHELD[name]]);
    }
  });

  it('is to read, for the function that approves', () => {
    const { policies } = world.installation.google;
    const may = (verb: string) =>
      policies.allows(memberOf('cluster'), `datastore.entities.${verb}`, RECORDS) !== undefined;
    expect(['get', 'list', 'create', 'update', 'delete'].filter(may)).toEqual(['get', 'list']);
  });
});
