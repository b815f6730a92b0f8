import { createHash } from 'node:crypto';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { documentedBlock } from '#test/docs/blocks.ts';
import { reviewOf, rootSync } from '#test/fixtures/reviews.ts';
import { PUBSUB_AGENT } from './google/deliveries.ts';
import { printTable } from './google/print-table.ts';
import { IMAGE, openWorld, PERSON, PROJECT, type World } from './google/world.ts';

// What people and Google's own agents do, at an emulated Google that refuses what their roles do not allow: a call of the
// API with a token that real gcloud gets, as docs/google-cloud.md has it; a review by admission; a message that Pub/Sub
// pushes, gives up, and an operator replays.

const ROOT = join(import.meta.dirname, '../..');
const accountOf = (name: string): string =>
  `serviceAccount:${name}@${PROJECT}.iam.gserviceaccount.com`;
const API = accountOf('countersign-api');
const ADMISSION = accountOf('countersign-admission');
const FUNCTIONS = {
  push: accountOf('countersign-push'),
  cluster: accountOf('countersign'),
  sweep: accountOf('countersign-sweep'),
  api: API,
  admission: ADMISSION,
};
const CALLERS = {
  events: accountOf('countersign-events'),
  tasks: accountOf('countersign-tasks'),
  clock: accountOf('countersign-clock'),
};
const SECRET = 'a-secret-of-thirty-two-characters';
const SECRET_HASH = createHash('sha256').update(SECRET).digest('hex');

let world: World;
let token = '';

beforeAll(async () => {
  world = await openWorld([
    [
      'images = [{',
      `old_project = true\n  admission = { enabled = true, secret_sha256 = ["${SECRET_HASH}"] }\n  images = [{`,
    ],
  ]);
  world.installation.google.weather.oldProject = true;
  const accounts = Object.entries(FUNCTIONS);
  await Promise.all(accounts.map(([name, account]) => world.start(name, account)));
  const examples = join(world.programs.folder, 'infra/terraform/examples');
  await mkdir(examples, { recursive: true });
  await symlink(world.installation.folder, join(examples, 'single-project'));
  const file = join(world.programs.folder, 'countersign.yaml');
  await writeFile(file, world.config);
});
afterAll(() => world?.close());
beforeEach(() => world.installation.google.weather.withheld.clear());

/** The commands of a page, as a person types them: what they leave in the environment. */
async function signIn(
  block = documentedBlock('google-api-token'),
): Promise<{ url: string; token: string; stderr: string }> {
  const script = `${block}\nprintf '%s %s' "$COUNTERSIGN_URL" "$COUNTERSIGN_TOKEN"`;
  const env = { TF_CLI_CONFIG_FILE: '' };
  const { stdout, stderr } = await world.programs.run(PERSON, ['bash', '-c', script], env);
  const [url = '', given = ''] = stdout.split(' ');
  return { url, token: given, stderr };
}

async function ask(path: string, body?: object): Promise<{ status: number; answer: unknown }> {
  const response = await fetch(`${world.urlOf('api')}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, answer: await response.json() };
}

function event(): { data: string } {
  const data = { action: 'INSERT', digest: `${IMAGE}@${world.digest}`, tag: `${IMAGE}:v1` };
  return { data: Buffer.from(JSON.stringify(data)).toString('base64') };
}

const pushEvent = () => world.deliveries.push('gcr-push', event());

async function handleTask(): Promise<number> {
  const task = world.tasksOf('countersign-tasks').at(-1) ?? {};
  return world.deliveries.push('countersign-tasks-cluster', task);
}

/** A review of the RSync's pull of the digest, as an API server sends it to the central form. */
async function review(): Promise<unknown> {
  const response = await fetch(`${world.urlOf('admission')}/validate/${SECRET}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: reviewOf({
      object: rootSync(`${IMAGE}:v1`, `${IMAGE}:v1@${world.digest}`),
      oldObject: rootSync(`${IMAGE}:v1`),
    }),
  });
  return Object(await response.json()).response?.allowed;
}

describe('a person', () => {
  it('gets a token for the API as the page says, which it takes', async () => {
    const signed = await signIn();
    expect(signed.url).toBe('https://countersign-api-123456789012.us-central1.run.app');
    expect([signed.token, signed.stderr]).toEqual([
      expect.stringMatching(/^eyJ/),
      expect.anything(),
    ]);
    token = signed.token;
    expect(await ask('/v1/fleet')).toMatchObject({ status: 200 });
  });

  it('is told which claim is wrong, and what it must be: the URL is no audience', async () => {
    const block = documentedBlock('google-api-token').replace(
      /\$\(.* api_audience\)/,
      '$COUNTERSIGN_URL',
    );
    const right = token;
    token = (await signIn(block)).token;
    expect(token).toMatch(/^eyJ/);
    const { status, answer } = await ask('/v1/fleet');
    token = right;
    const detail = 'Claim "aud" of the token must be https://countersign-api.acme-prod.internal';
    expect([status, answer]).toMatchObject([401, { code: 'unauthenticated', detail }]);
  });

  it('gets none without the account: a person has no token for an audience', async () => {
    const block = documentedBlock('google-api-token').replace(/ \\\n.*impersonate.*\)\)/, ')');
    const signed = await signIn(block.replace(' --include-email', ''));
    expect(signed.token).toBe('');
    expect(signed.stderr).toContain('Requires valid service account');
  });
});

/** Runs `npm run dead-letters -- replay` with default credentials: its exit code. */
async function replay(): Promise<number> {
  const { folder } = world.programs;
  const authority = join(folder, 'authority.pem');
  const script = join(ROOT, 'functions/cli/main.ts');
  const command = [process.execPath, script, 'letters', 'replay'];
  const { code } = await world.programs.run(
    PERSON,
    [...command, '--config', join(folder, 'countersign.yaml')],
    { NODE_EXTRA_CA_CERTS: authority, GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: authority },
  );
  return code;
}

const onTopic = (name: string): number => world.tasksOf(name).length;

/** What each is there for, and whether it came to it. */
const WORK = {
  push: async () => (await pushEvent()) === 200,
  task: async () => (await handleTask()) === 200,
  sweep: async () => (await world.deliveries.run('countersign-sweep')) === 200,
  async giveUp() {
    const before = onTopic('countersign-dead-letters');
    const given = world.deliveries.giveUp('gcr-push', event());
    return given && onTopic('countersign-dead-letters') > before;
  },
  async replay() {
    world.deliveries.giveUp('gcr-push', event());
    const before = onTopic('gcr');
    return (await replay()) === 0 && onTopic('gcr') > before;
  },
  signIn: async () => (await signIn()).token !== '',
  fleet: async () => (await ask('/v1/fleet')).status === 200,
  async live() {
    const { status, answer } = await ask('/v1/fleet?live=true');
    const text = JSON.stringify(answer);
    return status === 200 && text.includes('RootSync/root-sync') && !text.includes('Not read');
  },
  async verify() {
    const { status, answer } = await ask('/v1/verify', { image: `${IMAGE}:v1` });
    return status === 200 && JSON.stringify(answer).includes('"verified"');
  },
  async resync() {
    const before = onTopic('countersign-resync-tasks');
    const { status } = await ask('/v1/resync', {});
    return status < 300 && onTopic('countersign-resync-tasks') > before;
  },
  review: async () => (await review()) === true,
} as const;

describe('with the roles of the module', () => {
  it.each(Object.keys(WORK))('%s is done', async (name) => {
    const work = Object.entries(WORK).find(([one]) => one === name)?.[1];
    const from = world.functions.lines.length;
    expect([await work?.(), world.functions.lines.slice(from)]).toEqual([true, expect.anything()]);
  });

  it('nothing is refused, and nothing is sent that Google does not describe', () => {
    const { used, problems } = world.installation.google;
    expect(used.filter(({ role }) => role === undefined)).toEqual([]);
    expect(problems).toEqual([]);
  });
});

const READ = [
  'artifactregistry.repositories.downloadArtifacts',
  'cloudkms.cryptoKeyVersions.viewPublicKey',
];
const WITHHELD: readonly (readonly [
  member: string,
  permission: string,
  work: keyof typeof WORK,
])[] = [
  [CALLERS.events, 'run.routes.invoke', 'push'],
  [CALLERS.tasks, 'run.routes.invoke', 'task'],
  [CALLERS.clock, 'run.routes.invoke', 'sweep'],
  [PUBSUB_AGENT, 'iam.serviceAccounts.getOpenIdToken', 'push'],
  [PUBSUB_AGENT, 'pubsub.topics.publish', 'giveUp'],
  [PUBSUB_AGENT, 'pubsub.subscriptions.consume', 'giveUp'],
  [PERSON, 'iam.serviceAccounts.getAccessToken', 'signIn'],
  [PERSON, 'iam.serviceAccounts.getOpenIdToken', 'signIn'],
  [PERSON, 'pubsub.topics.get', 'replay'],
  [PERSON, 'pubsub.subscriptions.get', 'replay'],
  [PERSON, 'pubsub.subscriptions.consume', 'replay'],
  [PERSON, 'pubsub.topics.publish', 'replay'],
  [API, 'datastore.entities.get', 'fleet'],
  [API, 'datastore.entities.list', 'fleet'],
  [API, 'gkehub.memberships.list', 'live'],
  [API, 'gkehub.gateway.get', 'live'],
  [API, 'resourcemanager.projects.get', 'live'],
  [API, 'pubsub.topics.publish', 'resync'],
  ...READ.map((permission) => [API, permission, 'verify'] as const),
  ...READ.map((permission) => [ADMISSION, permission, 'review'] as const),
];

describe('without one permission', () => {
  it.each(WITHHELD)('%s is not done: %s (%s)', async (member, permission, work) => {
    const { used, weather } = world.installation.google;
    const name = member === API ? 'api' : 'admission';
    // What they remember would do without it.
    if (member === API || member === ADMISSION) await world.start(name, member);
    const from = used.length;
    weather.withheld.add(`${member} ${permission}`);
    const done = await WORK[work]();
    const refused = used.slice(from).filter(({ role }) => role === undefined);
    expect([done, refused[0]]).toMatchObject([false, { member, permission }]);
  });
});

describe('what was granted to them', () => {
  it('is what they needed', () => {
    const { used, policies } = world.installation.google;
    const members = [API, ADMISSION, PUBSUB_AGENT, ...Object.values(CALLERS)];
    const allowed = used.filter(
      ({ member, role }) => members.includes(member) && role !== undefined,
    );
    printTable(allowed);
    const needed = new Set(allowed.map(({ member, permission }) => `${member} ${permission}`));
    const listed = WITHHELD.map(([member, permission]) => `${member} ${permission}`);
    const shown = [...needed].filter((one) => !one.endsWith('secretmanager.versions.access'));
    expect(shown.toSorted()).toEqual(listed.filter((one) => !one.startsWith(PERSON)).toSorted());
    const unused = policies
      .grants()
      .filter(({ member }) => members.includes(member))
      .filter(
        ({ member, role }) => !allowed.some((one) => one.member === member && one.role === role),
      );
    expect(unused).toEqual([]);
    // As Google's own roles/gkehub.gatewayReader has it beside gkehub.gateway.get; the emulation asks only for the latter.
    const idle = policies
      .permissionsOf(`projects/${PROJECT}/roles/countersignFleetReader`)
      .filter((permission) => !needed.has(`${API} ${permission}`));
    expect(idle).toEqual(['gkehub.memberships.get']);
  });
});
