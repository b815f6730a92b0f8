import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { IMAGE_TO_SYNC } from '#shared/core/annotations.ts';
import { documentedBlock } from '#test/docs/blocks.ts';
import { rootSync } from '#test/fixtures/rsync-manifests.ts';
import { announce } from '#test/fixtures/webhook/announce.ts';
import { startTlsFront, type TlsFront } from '#test/fixtures/webhook/tls-front.ts';
import {
  startWebhookCluster,
  type WebhookCluster,
} from '#test/fixtures/webhook/webhook-cluster.ts';
import { type CosignWorld, FORMS, openCosignWorld } from './tools/cosign-world.ts';
import { freePort } from './tools/free-port.ts';
import { type RunningProcess, startProcess } from './tools/process.ts';

const START = join(import.meta.dirname, '../../dist/start.js');

type Mode = 'deny' | 'warn';

let cluster: WebhookCluster;
let world: CosignWorld;
let secret: string;
let hash: string;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  cluster = await startWebhookCluster({ everybodyMay: true });
  world = await openCosignWorld();
  const lines = `${documentedBlock('webhook-central-secret')}\nprintf ' %s' "$ADMISSION_SECRET"`;
  [hash = '', , secret = ''] = (await cluster.shell(lines)).split(/\s+/);
  await cluster.shell(
    'openssl req -nodes -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout front.key -out front.crt ' +
      '-days 2 -subj /CN=front -addext "subjectAltName = IP:127.0.0.1"',
  );
});
afterAll(async () => {
  for (const part of opened.toReversed()) await part.close();
  await world?.close();
  await cluster?.close();
});

/** The server as on Cloud Run, but for the address, and what ends TLS in front of it. */
async function startServer(mode: Mode): Promise<{ server: RunningProcess; front: TlsFront }> {
  const config = join(cluster.folder, `${mode}.yaml`);
  await writeFile(config, stringify(configOf(mode)));
  const port = await freePort();
  const server = await startProcess({
    command: process.execPath,
    args: ['--permission', '--allow-fs-read=*', START, 'admission'],
    env: { K_SERVICE: 'admission', HOST: '127.0.0.1', PORT: `${port}`, COUNTERSIGN_CONFIG: config },
    ready: (output) => output.includes('"Listening"'),
  });
  opened.push({ close: () => server.stop() });
  const read = (name: string): Promise<Buffer> => readFile(join(cluster.folder, name));
  const certificate = { cert: await read('front.crt'), key: await read('front.key') };
  const front = await startTlsFront({ certificate, port });
  opened.push(front);
  return { server, front };
}

function configOf(mode: Mode): object {
  const topics = ['tasks', 'sweepTasks', 'resyncTasks', 'status', 'deadLetters'];
  const key = { file: join(world.folder, 'release.pub') };
  return {
    apiVersion: 'countersign.dev/v1',
    fleet: { kubeconfig: { path: './kubeconfig' } },
    registries: [{ host: world.hosts.embedded, plainHttp: true, auth: 'none' }],
    images: [{ match: `${world.hosts.embedded}/configs/**`, trust: 'release' }],
    trust: { release: { authorities: [{ name: 'release-key', key }] } },
    topics: Object.fromEntries(topics.map((name) => [name, `projects/p/topics/${name}`])),
    store: { sqlite: { path: 'store.sqlite' } },
    access: { admission: { mode: 'path', sha256: [hash] } },
    admission: { mode },
  };
}

/** The documented command; and whom to trust, which is in every system's store for Google's certificates. */
async function applyWebhook(front: TlsFront, ADMISSION_SECRET: string): Promise<void> {
  const env = { ADMISSION_HOST: front.host, ADMISSION_SECRET };
  await cluster.shell(documentedBlock('webhook-central'), env);
  const caBundle = (await readFile(join(cluster.folder, 'front.crt'))).toString('base64');
  const op = 'add';
  const patch = JSON.stringify([
    { op, path: '/webhooks/0/clientConfig/caBundle', value: caBundle },
  ]);
  await cluster.shell(
    `kubectl patch validatingwebhookconfiguration image-verification-webhook --type json -p '${patch}'`,
  );
}

it('a server outside the cluster denies what is unsigned, and admits what is signed', async () => {
  const { front } = await startServer('deny');
  await applyWebhook(front, secret);
  const { repository, digest, index } = await world.pushIndex();
  const sync = rootSync({}, `${repository}:one`);
  await cluster.apply(sync);
  expect(await announce(cluster.send, sync, `${repository}:one@${index}`)).toMatchObject({
    status: 422,
    message: expect.stringContaining('no signatures found'),
  });
  await world.sign(FORMS[3], 'release', `${repository}@${digest}`);
  const signed = await announce(cluster.send, sync, `${repository}:one@${digest}`);
  expect(signed).toEqual({ status: 200, message: '' });
});

it('answers no caller who does not know the address, and keeps it out of its log', async () => {
  const { front, server } = await startServer('deny');
  await applyWebhook(front, '0123456789abcdef0123456789abcdef');
  const { repository, digest } = await world.pushIndex();
  await world.sign(FORMS[3], 'release', `${repository}@${digest}`);
  const sync = rootSync({}, `${repository}:one`, 'stranger');
  await cluster.apply(sync);
  const refused = await announce(cluster.send, sync, `${repository}:one@${digest}`);
  expect(refused.status).toBe(500);
  expect(refused.message).toContain('failed calling webhook');
  expect(server.output()).toContain('forbidden');
  expect(server.output()).not.toContain(secret);
});

it('under mode: warn admits what is unsigned, and warns the user who writes it', async () => {
  const { front } = await startServer('warn');
  await applyWebhook(front, secret);
  const { repository, digest } = await world.pushIndex();
  const { metadata } = await cluster.apply(rootSync({}, `${repository}:one`, 'warned'));
  const { code, stderr } = await cluster.attempt(
    `kubectl annotate rootsync ${metadata.name} -n config-management-system ${IMAGE_TO_SYNC}=${repository}:one@${digest}`,
  );
  expect(code).toBe(0);
  expect(stderr).toMatch(/^Warning: .*no signatures found/m);
  expect(stderr).toContain(digest);
});
