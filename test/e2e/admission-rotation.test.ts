import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { documentedBlock } from '#test/docs/blocks.ts';
import { deploymentSchema, readOne } from '#test/fixtures/webhook/manifest-schema.ts';
import {
  type AdmissionWorld,
  startAdmissionWorld,
} from '#test/fixtures/webhook/admission-world.ts';
import { type Announced, announce } from '#test/fixtures/webhook/announce.ts';
import { mountFiles } from '#test/fixtures/webhook/mount-files.ts';
import { NAMESPACE, readSecret } from '#test/fixtures/webhook/webhook-cluster.ts';
import type { RSyncManifest } from '#test/fixtures/rsync-manifests.ts';
import { FORMS } from './tools/cosign-world.ts';
import { until } from './tools/sync-cluster.ts';

const PORT = 10_250;
const WRITERS = 6;
const EXCHANGES = 2;
const IMAGE = { IMAGE: 'registry.example/x:v1' };

let world: AdmissionWorld;
let syncs: readonly RSyncManifest[];
let values: readonly string[];

beforeAll(async () => {
  world = await startAdmissionWorld();
  const { image, repository, digest, index } = await world.pushImage();
  for (const one of [digest, index]) {
    await world.cosign.sign(FORMS[3], world.signer, `${repository}@${one}`);
  }
  values = [digest, index].map((one) => `${image}@${one}`);
  syncs = await Promise.all(
    Array.from({ length: WRITERS }, (_, at) =>
      world.follow(at % 2 === 0 ? 'RootSync' : 'RepoSync', image),
    ),
  );
});
afterAll(() => world?.close());

/** Writes without a pause, each write another value: each is a review. Returns what was answered once `work` is done. */
async function underLoad(work: () => Promise<void>): Promise<readonly Announced[]> {
  const answers: Announced[] = [];
  const done = new AbortController();
  async function write(sync: RSyncManifest): Promise<void> {
    for (let at = 0; !done.signal.aborted; at += 1) {
      answers.push(await announce(world.cluster.send, sync, values[at % 2] ?? null));
    }
  }
  const writers = Promise.all(syncs.map(write));
  try {
    await work();
  } finally {
    done.abort();
  }
  await writers;
  return answers;
}

/** The fingerprint that a new connection is shown. */
async function shownCertificate(): Promise<string | undefined> {
  const socket = connect({ host: world.cluster.address, port: PORT, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const shown = socket.getPeerX509Certificate()?.fingerprint256;
  socket.destroy();
  return shown;
}

async function madeCertificate(): Promise<string> {
  return new X509Certificate(await readFile(join(world.cluster.folder, 'tls.crt'))).fingerprint256;
}

/** Kubelet's part: the Secret as it is now is mounted, in one step. */
async function renewMount(): Promise<void> {
  const files = await readSecret(world.cluster, 'webhook-tls');
  await mountFiles(world.server.mountOf('webhook-tls'), files);
  const made = await madeCertificate();
  await until(async () => (await shownCertificate()) === made);
}

it('exchanges its certificate by the documented commands, and no review fails', async () => {
  const before = await shownCertificate();
  const answers = await underLoad(async () => {
    await world.cluster.shell(documentedBlock('webhook-trust-both'), IMAGE);
    await world.cluster.shell(documentedBlock('webhook-new-secret'));
    await renewMount();
    await world.cluster.shell(documentedBlock('webhook-trust-new'), IMAGE);
  });
  expect(await shownCertificate()).not.toBe(before);
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  expect(answers.length).toBeGreaterThan(WRITERS);
  // Whom the API server trusts now is the new one alone: it has to be what it is shown.
  const [first] = syncs;
  if (first === undefined) throw new Error('There is no RSync');
  for (const value of values) {
    expect((await announce(world.cluster.send, first, value)).status).toBe(200);
  }
});

it('exchanges it again and again, and no review fails', async () => {
  const shown = new Set<string | undefined>();
  const answers = await underLoad(async () => {
    for (let round = 0; round < EXCHANGES; round += 1) {
      await world.cluster.shell(documentedBlock('webhook-trust-both'), IMAGE);
      await world.cluster.shell(documentedBlock('webhook-new-secret'));
      await renewMount();
      shown.add(await shownCertificate());
    }
  });
  expect(shown.size).toBe(EXCHANGES);
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
});

it('takes up another key, and the one before when that comes back', async () => {
  const [first] = syncs;
  const [value = ''] = values;
  if (first === undefined) throw new Error('There is no RSync');
  const shell = (script: string): Promise<string> => world.cluster.shell(script);
  const mount = async (): Promise<void> => {
    const files = await readSecret(world.cluster, 'cosign-key');
    await mountFiles(world.server.mountOf('cosign-key'), files);
  };
  await shell('cosign generate-key-pair --output-key-prefix=next');
  const replace = (file: string): Promise<string> =>
    shell(
      `kubectl create secret generic cosign-key --from-file=cosign.pub=${file} -n ${NAMESPACE} --dry-run=client -o yaml | kubectl replace -f -`,
    );
  await announce(world.cluster.send, first, null);
  await replace('next.pub');
  await mount();
  await until(async () => {
    const { status, message } = await announce(world.cluster.send, first, value);
    if (status === 200) await announce(world.cluster.send, first, null);
    return status === 422 && message.includes('wrong-key');
  });
  await replace('cosign.pub');
  await mount();
  await until(async () => (await announce(world.cluster.send, first, value)).status === 200);
  expect(world.server.output()).toContain('"Key replaced"');
});

it('never needed more memory than the Deployment allows', async () => {
  const status = await readFile(`/proc/${world.server.pid}/status`, 'utf8');
  const most = Number(/^VmHWM:\s+([0-9]+) kB$/m.exec(status)?.[1]) / 1024;
  const { template } = readOne(deploymentSchema, 'base/deployment.yaml').spec;
  const { memory } = template.spec.containers[0].resources.limits;
  expect(most).toBeLessThan(Number.parseInt(memory, 10));
});

it('holds back new values, and nothing else, while no server answers', async () => {
  const [first] = syncs;
  const [value = ''] = values;
  if (first === undefined) throw new Error('There is no RSync');
  expect((await announce(world.cluster.send, first, value)).status).toBe(200);
  await world.server.stop();
  const answers = await Promise.all(
    values.map((each) => announce(world.cluster.send, first, each)),
  );
  // An existing value is not asked about.
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 500]);
  expect(answers.find(({ status }) => status === 500)?.message).toContain(
    'failed calling webhook "imageverification.webhook.com"',
  );
  const { body } = await world.cluster.send({ method: 'GET', path: '/metrics' });
  // What the page asks people to watch.
  expect(body).toMatch(
    /^apiserver_admission_webhook_rejection_count\{error_type="calling_webhook_error",name="imageverification.webhook.com".*\} [1-9]/m,
  );
  const { metadata } = first;
  const { code } = await world.cluster.attempt(
    `kubectl label rootsync ${metadata.name} -n ${metadata.namespace} a=b`,
  );
  expect(code).toBe(0);
});
