import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Kube, startKube } from '#infra/local/kube/start-kube.ts';
import type { RunningFunction } from '#infra/local/local-world/functions.ts';
import { createFirestoreFront, createGatewayFront } from './google/clusters.ts';
import { type Front, startFront } from './google/front.ts';
import { type Functions, openFunctions } from './google/functions.ts';
import { type Installation, openInstallation } from './google/installation.ts';
import { openPrograms, type Programs } from './google/programs.ts';
import { createRegistryFront } from './google/registry.ts';
import type { Emulator } from './tools/emulator.ts';
import { startFirestoreEmulator } from './tools/firestore-emulator.ts';

// The functions themselves, as the accounts and with the config that the module makes, at an emulated Google that refuses
// what their roles do not allow: a config is published and signed, its digest approved in a cluster, the fleet swept.

const PATIENCE_MS = 300_000;
const ROOT = join(import.meta.dirname, '../..');
const PROJECT = 'acme-prod';
const IMAGE = `us-central1-docker.pkg.dev/${PROJECT}/configs/platform`;
const KEY = `gcpkms://projects/${PROJECT}/locations/us-central1/keyRings/countersign/cryptoKeys/release/cryptoKeyVersions/1`;
const NAMES = ['push', 'cluster', 'sweep'] as const;
type Name = (typeof NAMES)[number];
const ACCOUNTS: Readonly<Record<Name, string>> = {
  push: 'countersign-push',
  cluster: 'countersign',
  sweep: 'countersign-sweep',
};
const memberOf = (name: Name): string =>
  `serviceAccount:${ACCOUNTS[name]}@${PROJECT}.iam.gserviceaccount.com`;

let installation: Installation;
let front: Front;
let programs: Programs;
let functions: Functions;
let kube: Kube;
let firestore: Emulator;
let digest = '';
const running = new Map<Name, RunningFunction>();

beforeAll(async () => {
  const variables = [`-var=project_id=${PROJECT}`, '-var=people=["ops@acme.example"]'];
  [installation, firestore, kube] = await Promise.all([
    openInstallation('single-project', variables),
    startFirestoreEmulator(),
    startKube({ name: 'c1' }),
  ]);
  const { google, edit, apply } = installation;
  await edit('images = [{', 'waits = { bindings = 0, metrics = 0 }\n  images = [{');
  const applied = await apply();
  if (applied.code !== 0) throw new Error(applied.text);
  const membership = `projects/${PROJECT}/locations/us-central1/memberships/c1`;
  google.add(`gkehub/${membership}`, {
    endpoint: { gkeCluster: { resourceLink: '//container.googleapis.com/x' } },
    state: { code: 'READY' },
  });
  front = await startFront(google, [
    createRegistryFront(google),
    createGatewayFront(google, kube.url),
    createFirestoreFront(google, firestore.host),
  ]);
  programs = await openPrograms(front);
  const script = ['bash', join(ROOT, 'infra/examples/publish-config/publish.sh')];
  const published = await programs.run('user:ops@acme.example', script, { IMAGE, TAG: 'v1', KEY });
  if (published.code !== 0) throw new Error(published.stderr);
  digest = published.stdout.trim().split('@')[1] ?? '';
  const version = `secretmanager/projects/${PROJECT}/secrets/countersign-config/versions/1`;
  const { data } = Object(google.resources.get(version)).payload;
  functions = await openFunctions(front, Buffer.from(data, 'base64').toString('utf8'));
  for (const name of NAMES) running.set(name, await functions.start(name, memberOf(name)));
  await createRootSync();
}, PATIENCE_MS);
afterAll(async () => {
  await functions.close();
  await programs.close();
  await front.close();
  await Promise.all([kube.close(), firestore.close(), installation.close()]);
}, PATIENCE_MS);

const RSYNC = '/apis/configsync.gke.io/v1beta1/namespaces/config-management-system/rootsyncs';

async function createRootSync(): Promise<void> {
  const answer = await fetch(`${kube.url}${RSYNC}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      apiVersion: 'configsync.gke.io/v1beta1',
      kind: 'RootSync',
      metadata: { name: 'root-sync', namespace: 'config-management-system' },
      spec: {
        sourceType: 'oci',
        oci: { image: `${IMAGE}:v1`, dir: '.', auth: 'k8sserviceaccount' },
      },
    }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

/** Calls a function as Pub/Sub or the Scheduler does, after Cloud Run has taken the signature off the token. */
async function call(name: Name, caller: string, path: string, body?: unknown): Promise<number> {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: 'https://accounts.google.com',
    aud: `https://countersign-${name}.${PROJECT}.internal`,
    email: `${caller}@${PROJECT}.iam.gserviceaccount.com`,
    email_verified: true,
    iat: now,
    exp: now + 3600,
  };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.SIGNATURE_REMOVED_BY_GOOGLE`;
  const answer = await fetch(`${running.get(name)?.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  await answer.arrayBuffer();
  return answer.status;
}

function envelope(message: object, subscription: string): object {
  const times = { messageId: '1', publishTime: new Date().toISOString() };
  return {
    message: { ...times, ...message },
    subscription: `projects/${PROJECT}/subscriptions/${subscription}`,
  };
}

const pushEvent = () => {
  const event = { action: 'INSERT', digest: `${IMAGE}@${digest}`, tag: `${IMAGE}:v1` };
  const data = Buffer.from(JSON.stringify(event)).toString('base64');
  return call('push', 'countersign-events', '/', envelope({ data }, 'gcr-push'));
};

const tasksOf = (topic: string) =>
  installation.google.published.get(`projects/${PROJECT}/topics/${topic}`) ?? [];

const handleTask = () =>
  call(
    'cluster',
    'countersign-tasks',
    '/tasks',
    envelope(tasksOf('countersign-tasks').at(-1) ?? {}, 'countersign-tasks-cluster'),
  );

const sweep = () => call('sweep', 'countersign-clock', '/');

async function approved(): Promise<string | undefined> {
  const answer = await fetch(`${kube.url}${RSYNC}/root-sync`);
  return Object(await answer.json()).metadata.annotations?.['countersign.dev/approved'];
}

describe('with the roles of the module', () => {
  it('push verifies the image and tasks the cluster', { timeout: PATIENCE_MS }, async () => {
    expect([await pushEvent(), functions.lines.slice(-3)]).toEqual([200, expect.anything()]);
    expect(tasksOf('countersign-tasks')).toHaveLength(1);
  });

  it('cluster approves the digest', { timeout: PATIENCE_MS }, async () => {
    expect(await handleTask()).toBe(200);
    expect(await approved()).toContain(digest);
  });

  it('sweep sees the fleet', { timeout: PATIENCE_MS }, async () => {
    expect(await sweep()).toBe(200);
  });

  it('nothing is refused, and nothing is sent that Google does not describe', () => {
    const { used, problems } = installation.google;
    expect(used.filter(({ role }) => role === undefined)).toEqual([]);
    expect(problems).toEqual([]);
  });
});

/** Begins anew: nothing is remembered, by the function, in the store or in the cluster. */
async function begin(name: Name): Promise<void> {
  await running.get(name)?.stop();
  const documents = `projects/${PROJECT}/databases/countersign/documents`;
  await fetch(`http://${firestore.host}/emulator/v1/${documents}`, { method: 'DELETE' });
  await fetch(`${kube.url}${RSYNC}/root-sync`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json' },
    body: JSON.stringify({ metadata: { annotations: null } }),
  });
  running.set(name, await functions.start(name, memberOf(name)));
}

/** What each function is there for, and whether it came to it. */
const WORK: Readonly<Record<Name, () => Promise<boolean>>> = {
  async push() {
    const before = tasksOf('countersign-tasks').length;
    return (await pushEvent()) === 200 && tasksOf('countersign-tasks').length > before;
  },
  cluster: async () =>
    (await handleTask()) === 200 && (await approved())?.includes(digest) === true,
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
  it.each(CASES)(
    '%s does not come to its end: %s',
    { timeout: PATIENCE_MS },
    async (name, permission) => {
      const { used, weather } = installation.google;
      const from = used.length;
      weather.withheld.clear();
      weather.withheld.add(`${memberOf(name)} ${permission}`);
      await begin(name);
      const done = await WORK[name]();
      const refused = used.slice(from).filter(({ role }) => role === undefined);
      expect([done, refused[0]]).toMatchObject([false, { member: memberOf(name), permission }]);
    },
  );
});

describe('what was granted to the functions', () => {
  it('is what they needed, permission by permission', () => {
    const { used, policies } = installation.google;
    const members = NAMES.map(memberOf);
    const allowed = used.filter(
      ({ member, role }) => members.includes(member) && role !== undefined,
    );
    const rows = new Set(
      allowed.map(
        ({ member, permission, role, method }) => `${member} | ${permission} | ${role} | ${method}`,
      ),
    );
    process.stdout.write(`member | permission | role | call\n${[...rows].toSorted().join('\n')}\n`);
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
      // A record that is there already is updated only by a task that is repeated, as some of these are.
      if (name === 'cluster') needed.delete('datastore.entities.update');
      expect([...needed].toSorted()).toEqual(WITHHELD[name]);
    }
  });
});
