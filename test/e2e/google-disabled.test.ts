import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { disabledApiFix } from '#shared/net/google-disabled.ts';
import { OWNER } from './google/start.ts';
import { IMAGE, KEY, openWorld, PERSON, PROJECT, REGION, type World } from './google/world.ts';
import type { Finished } from './tools/process.ts';

// An API of the project that is disabled, at an emulated Google that answers as Google words it. What a function's log
// says is to be done is run as it stands, by gcloud itself, and ends it; what cosign, crane and gcloud print leads there
// as well.

const ROOT = join(import.meta.dirname, '../..');
const NUMBER = '123456789012';
const NAMES = ['push', 'cluster', 'sweep'] as const;
type Name = (typeof NAMES)[number];
const ACCOUNTS: Readonly<Record<Name, string>> = {
  push: 'countersign-push',
  cluster: 'countersign',
  sweep: 'countersign-sweep',
};

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

const tasks = () => world.tasksOf('countersign-tasks');
const WORK: Readonly<Record<Name, () => Promise<boolean>>> = {
  async push() {
    const event = { action: 'INSERT', digest: `${IMAGE}@${world.digest}`, tag: `${IMAGE}:v1` };
    const before = tasks().length;
    const data = Buffer.from(JSON.stringify(event)).toString('base64');
    return (await world.deliveries.push('gcr-push', { data })) === 200 && tasks().length > before;
  },
  async cluster() {
    const status = await world.deliveries.push('countersign-tasks-cluster', tasks().at(-1) ?? {});
    return status === 200 && (await world.approved())?.includes(world.digest) === true;
  },
  sweep: async () => (await world.deliveries.run('countersign-sweep')) === 200,
};

async function start(name: Name): Promise<void> {
  await world.start(name, `serviceAccount:${ACCOUNTS[name]}@${PROJECT}.iam.gserviceaccount.com`);
}

const gcloud = (command: string): Promise<Finished> =>
  world.programs.run(OWNER, ['bash', '-c', command], { CLOUDSDK_CORE_DISABLE_PROMPTS: '1' });

/** As its owner has done before. */
function disable(service: string): void {
  const { status } = world.installation.google.handle({
    host: 'serviceusage.googleapis.com',
    verb: 'POST',
    path: `/v1/projects/${PROJECT}/services/${service}:disable`,
    query: new URLSearchParams(),
    member: OWNER,
    body: { disableDependentServices: true },
  });
  if (status !== 200) throw new Error(`${service} cannot be disabled: ${status}`);
}

const commandFor = (service: string): string =>
  `gcloud services enable ${service}.googleapis.com --project=${NUMBER}`;
const COMMAND = /gcloud services enable [a-z0-9.]+ --project=[a-z0-9-]+/g;

describe('a function', () => {
  it.each([
    ['push', 'artifactregistry'],
    ['push', 'cloudkms'],
    ['push', 'firestore'],
    ['push', 'gkehub'],
    ['push', 'pubsub'],
    ['cluster', 'artifactregistry'],
    ['cluster', 'cloudresourcemanager'],
    ['cluster', 'connectgateway'],
    ['cluster', 'firestore'],
    ['sweep', 'gkehub'],
    ['sweep', 'pubsub'],
  ] as const)('%s names the command that enables %s, which ends it', async (name, service) => {
    await world.forget();
    if (name === 'cluster') {
      await start('push');
      if (!(await WORK.push())) throw new Error('push did not task the cluster');
    }
    disable(`${service}.googleapis.com`);
    await start(name);
    const from = world.functions.lines.length;
    expect(await WORK[name]()).toBe(false);
    const said = world.functions.lines.slice(from).join('\n').match(COMMAND) ?? [];
    expect(new Set(said)).toEqual(new Set([commandFor(service)]));
    const [command = ''] = said;
    expect(await gcloud(command)).toMatchObject({ code: 0 });
    await start(name);
    expect(await WORK[name]()).toBe(true);
  });
});

const publish = (): Promise<Finished> => {
  const script = ['bash', join(ROOT, 'infra/examples/publish-config/publish.sh')];
  return world.programs.run(PERSON, script, { IMAGE, TAG: 'v2', KEY });
};

describe('a program', () => {
  it.each([
    ['cosign', 'cloudkms', publish],
    [
      'crane',
      'artifactregistry',
      () => world.programs.run(PERSON, ['crane', 'manifest', `${IMAGE}:v1`]),
    ],
    [
      'gcloud',
      'run',
      () =>
        gcloud(
          `gcloud run services describe countersign-push --region=${REGION} --project=${PROJECT}`,
        ),
    ],
  ] as const)('%s prints what leads to the command that enables %s', async (_, service, work) => {
    disable(`${service}.googleapis.com`);
    const { code, stdout, stderr } = await work();
    expect(code).not.toBe(0);
    const message = `${stdout}\n${stderr}`;
    expect(disabledApiFix({ message })).toBe(`enable the API: ${commandFor(service)}`);
    expect(await gcloud(commandFor(service))).toMatchObject({ code: 0 });
    expect(await work()).toMatchObject({ code: 0 });
  });

  it('nothing is sent that Google does not describe', () => {
    expect(world.installation.google.problems).toEqual([]);
  });
});
