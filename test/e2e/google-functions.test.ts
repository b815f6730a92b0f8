import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { printTable } from './google/print-table.ts';
import { IMAGE, openWorld, PROJECT, type World } from './google/world.ts';

// The functions themselves, as the accounts and with the config that the module makes, at an emulated Google that refuses
// what their roles do not allow: a config is published and signed, its digest approved in a cluster, the fleet swept.

const NAMES = ['push', 'cluster', 'sweep'] as const;
type Name = (typeof NAMES)[number];
const ACCOUNTS: Readonly<Record<Name, string>> = {
  push: 'countersign-push',
  cluster: 'countersign',
  sweep: 'countersign-sweep',
};
const memberOf = (name: Name): string =>
  `serviceAccount:${ACCOUNTS[name]}@${PROJECT}.iam.gserviceaccount.com`;

let world: World;

beforeAll(async () => {
  world = await openWorld();
  await Promise.all(NAMES.map((name) => world.start(name, memberOf(name))));
});
afterAll(() => world?.close());

const pushEvent = (): Promise<number> => {
  const event = { action: 'INSERT', digest: `${IMAGE}@${world.digest}`, tag: `${IMAGE}:v1` };
  const data = Buffer.from(JSON.stringify(event)).toString('base64');
  return world.deliveries.push('gcr-push', { data });
};

/** The signature arrives without the image: push looks up which tags name what it signs. */
const signatureEvent = (): Promise<number> => {
  const tag = `${IMAGE}:${world.digest.replace(':', '-')}.sig`;
  const event = { action: 'INSERT', digest: `${IMAGE}@sha256:${'5'.repeat(64)}`, tag };
  const data = Buffer.from(JSON.stringify(event)).toString('base64');
  return world.deliveries.push('gcr-push', { data });
};

const tasks = () => world.tasksOf('countersign-tasks');

const handleTask = () => world.deliveries.push('countersign-tasks-cluster', tasks().at(-1) ?? {});

const sweep = () => world.deliveries.run('countersign-sweep');

describe('with the roles of the module', () => {
  it('push verifies the image and tasks the cluster', async () => {
    expect([await pushEvent(), world.functions.lines.slice(-3)]).toEqual([200, expect.anything()]);
    expect(tasks()).toHaveLength(1);
  });

  it('cluster approves the digest', async () => {
    expect(await handleTask()).toBe(200);
    expect(await world.approved()).toContain(world.digest);
  });

  it('push finds the tag that a signature is about', async () => {
    expect(await tasksAfter(signatureEvent)).toBe(true);
  });

  it('sweep sees the fleet', async () => {
    expect(await sweep()).toBe(200);
  });

  it('nothing is refused, and nothing is sent that Google does not describe', () => {
    const { used, problems } = world.installation.google;
    expect(used.filter(({ role }) => role === undefined)).toEqual([]);
    expect(problems).toEqual([]);
  });
});

/** Whether an event leads to tasks: one that never will is acknowledged, and becomes a dead letter. */
async function tasksAfter(event: () => Promise<number>): Promise<boolean> {
  const before = tasks().length;
  return (await event()) === 200 && tasks().length > before;
}

/** What each function is there for, and whether it came to it. */
const WORK: Readonly<Record<Name, () => Promise<boolean>>> = {
  push: () => tasksAfter(pushEvent),
  cluster: async () =>
    (await handleTask()) === 200 && (await world.approved())?.includes(world.digest) === true,
  sweep: async () => (await sweep()) === 200,
};

const WITHHELD: Readonly<Record<Name, readonly string[]>> = {
  push: [
    'artifactregistry.repositories.downloadArtifacts',
    'cloudkms.cryptoKeyVersions.viewPublicKey',
    'datastore.entities.create',
    'datastore.entities.get',
    'datastore.entities.list',
    'datastore.entities.update',
    'gkehub.memberships.list',
    'pubsub.topics.publish',
  ],
  cluster: [
    'artifactregistry.repositories.downloadArtifacts',
    'cloudkms.cryptoKeyVersions.viewPublicKey',
    'datastore.entities.create',
    'datastore.entities.get',
    'gkehub.gateway.get',
    'gkehub.gateway.patch',
    'gkehub.memberships.list',
    'pubsub.topics.publish',
    'resourcemanager.projects.get',
  ],
  sweep: [
    'datastore.entities.create',
    'datastore.entities.get',
    'datastore.entities.list',
    'datastore.entities.update',
    'gkehub.memberships.list',
    'pubsub.topics.publish',
  ],
};
const CASES = NAMES.flatMap((name) =>
  WITHHELD[name].map((permission) => [name, permission] as const),
);

describe('without one permission', () => {
  it.each(CASES)('%s does not come to its end: %s', async (name, permission) => {
    const { used, weather } = world.installation.google;
    const from = used.length;
    weather.withheld.clear();
    weather.withheld.add(`${memberOf(name)} ${permission}`);
    await world.forget();
    await world.start(name, memberOf(name));
    const done = await WORK[name]();
    const refused = used.slice(from).filter(({ role }) => role === undefined);
    expect([done, refused[0]]).toMatchObject([false, { member: memberOf(name), permission }]);
  });
});

/** What only a second look at the same needs. */
const LATER: readonly (readonly [Name, string, () => Promise<boolean>])[] = [
  ['push', 'artifactregistry.dockerimages.get', () => tasksAfter(signatureEvent)],
  ['cluster', 'datastore.entities.update', async () => (await handleTask()) === 200],
];

describe('without one permission, the second time', () => {
  it.each(LATER)('%s does not come to its end: %s', async (name, permission, work) => {
    const { used, weather } = world.installation.google;
    weather.withheld.clear();
    await world.forget();
    await Promise.all(NAMES.map((each) => world.start(each, memberOf(each))));
    expect([await WORK.push(), await WORK.cluster(), await WORK.push()]).toEqual([
      true,
      true,
      true,
    ]);
    const from = used.length;
    weather.withheld.add(`${memberOf(name)} ${permission}`);
    const done = await work();
    const refused = used.slice(from).filter(({ role }) => role === undefined);
    expect([done, refused[0]]).toMatchObject([false, { member: memberOf(name), permission }]);
  });
});

describe('what was granted to the functions', () => {
  it('is what they needed, permission by permission', () => {
    const { used, policies } = world.installation.google;
    const members = NAMES.map(memberOf);
    const allowed = used.filter(
      ({ member, role }) => members.includes(member) && role !== undefined,
    );
    printTable(allowed);
    const unused = policies
      .grants()
      .filter(({ member }) => members.includes(member))
      .filter(
        ({ member, role }) => !allowed.some((one) => one.member === member && one.role === role),
      );
    // Sweep reads images and keys only of what is unsettled, and nothing here is.
    expect(unused.map(({ member, role }) => `${member} ${role}`).toSorted()).toEqual([
      `${memberOf('sweep')} roles/artifactregistry.reader`,
      `${memberOf('sweep')} roles/cloudkms.publicKeyViewer`,
    ]);
    // Of the module's own roles, each permission by itself.
    const custom = policies
      .grants()
      .filter(({ member, role }) => members.includes(member) && role.startsWith('projects/'));
    const idle = custom.flatMap(({ member, role }) =>
      policies
        .permissionsOf(role)
        .filter(
          (permission) =>
            !allowed.some((one) => one.member === member && one.permission === permission),
        )
        .map((permission) => `${member} ${permission}`),
    );
    process.stdout.write(`Granted by a role of the module, and not used: ${idle.join(', ')}\n`);
    expect(idle).toEqual([`${memberOf('cluster')} gkehub.memberships.get`]);
    for (const name of NAMES) {
      const needed = new Set(
        allowed
          .filter(({ member }) => member === memberOf(name))
          .map(({ permission }) => permission),
      );
      // Cloud Run reads the config for them; without it no revision starts (google-apply.test.ts).
      needed.delete('secretmanager.versions.access');
      const later = LATER.filter(([of]) => of === name).map(([, permission]) => permission);
      expect([...needed].toSorted()).toEqual([...WITHHELD[name], ...later].toSorted());
    }
  });
});
