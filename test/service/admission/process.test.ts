import { mkdir, mkdtemp, readFile, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type PeerCertificate } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openRepository, signLegacy } from '#infra/local/images/push-image.ts';
import { type RunningRegistry, startRegistry } from '#infra/local/registry/start-registry.ts';
import { type Child, startChild } from '#test/fakes/child.ts';
import { createPusher } from '#test/fixtures/push-artifact.ts';
import { reviewOf, rootSync } from '#test/fixtures/reviews.ts';
import { createSelfSigned } from '#test/fixtures/self-signed.ts';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { PATIENCE } from '#test/patience.ts';

const BUNDLE = fileURLToPath(new URL('../../../dist/admission/main.js', import.meta.url));

let dir: string;
let child: Child | undefined;
let registry: RunningRegistry;
let key: KeyObject;

/** Writes a secret as a kubelet mounts it: files are links into a folder that one rename replaces. */
async function mount(name: string, files: Readonly<Record<string, string>>): Promise<void> {
  const at = join(dir, name);
  const version = join(at, `..v${Math.random()}`);
  await mkdir(version, { recursive: true });
  for (const [file, text] of Object.entries(files)) {
    await writeFile(join(version, file), text);
    await symlink(join('..data', file), join(at, file)).catch(() => undefined);
  }
  await symlink(version, join(at, '..next'));
  await rename(join(at, '..next'), join(at, '..data'));
}

async function mountTls(name: string): Promise<string> {
  const { cert, key: privateKey } = createSelfSigned(name);
  await mount('tls', { 'tls.crt': cert, 'tls.key': privateKey });
  return cert;
}

function newKey(): { privateKey: KeyObject; pem: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, pem: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

function start(env: Readonly<Record<string, string>> = {}): Child {
  child = startChild(BUNDLE, {
    PORT: '0',
    HOST: '127.0.0.1',
    COUNTERSIGN_TLS_CERT: join(dir, 'tls/tls.crt'),
    COUNTERSIGN_TLS_KEY: join(dir, 'tls/tls.key'),
    COUNTERSIGN_COSIGN_KEY: join(dir, 'cosign-key/cosign.pub'),
    COUNTERSIGN_INSECURE_REGISTRIES: registry.host,
    // As the manifests say that there is none: the image names one (infra/image).
    COUNTERSIGN_CONFIG: '',
    METADATA_SERVER_DETECTION: 'none',
    ...env,
  });
  return child;
}

async function startReady(env: Readonly<Record<string, string>> = {}): Promise<number> {
  return Number((await start(env).line('Listening')).port);
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-admission-'));
  registry = await startRegistry({ port: 0 });
  const pair = newKey();
  key = pair.privateKey;
  await mount('cosign-key', { 'cosign.pub': pair.pem });
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await child?.exited;
  child = undefined;
  await registry?.close();
  await rm(dir, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

function post(
  port: number,
  body: string,
  agent: Agent,
  path = '/validate?timeout=10s',
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const options = { port, host: '127.0.0.1', path, agent, method: 'POST' };
  request({ ...options, headers: { 'content-type': 'application/json' } }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
  })
    .on('error', reject)
    .end(body);
  return promise;
}

/** The name that the server shows to a new connection. */
function nameOf(port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
    const certificate: PeerCertificate = socket.getPeerCertificate();
    resolve(String(certificate.subject.CN));
    socket.destroy();
  }).on('error', reject);
  return promise;
}

async function pushSigned(
  path: string,
  signer?: KeyObject,
): Promise<{ image: string; digest: string }> {
  const digest = await createPusher(registry.url, path).image({ 'a.yaml': path }, 'v1');
  const repository = openRepository(registry.host, path);
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  if (signer !== undefined) {
    await signLegacy({ repository, image: { mediaType, digest, size: 1 }, key: signer });
  }
  return { image: `${registry.host}/${path}:v1`, digest };
}

describe('with a certificate and a public key, and nothing else', () => {
  it('admits what the key signed, denies what no key did, drains and exits 0', async () => {
    const cert = await mountTls('first');
    const port = await startReady();
    const agent = new Agent({ ca: cert, keepAlive: true });
    const signed = await pushSigned('any/place/signed', key);
    const unsigned = await pushSigned('elsewhere', undefined);
    const ask = ({ image, digest }: { image: string; digest: string }) =>
      post(port, reviewOf({ object: rootSync(image, `${image}@${digest}`) }), agent);
    expect((await ask(signed)).text).toContain('"allowed":true');
    expect((await ask(unsigned)).text).toContain('no signatures found');
    child?.kill('SIGTERM');
    expect(await child?.exited).toEqual({ code: 0, signal: null });
    expect(child?.noise).toEqual([]);
    agent.destroy();
  });

  it('goes by the config file where there is one', async () => {
    const cert = await mountTls('first');
    const config = join(dir, 'countersign.yaml');
    const names = ['tasks', 'sweepTasks', 'resyncTasks', 'status', 'deadLetters'];
    const lines = [
      'apiVersion: countersign.dev/v1',
      'fleet: { kubeconfig: { path: ./kubeconfig } }',
      'images: [{ match: "us-docker.pkg.dev/**", trust: open }]',
      'trust: { open: { allowUnsigned: true } }',
      `topics: { ${names.map((name) => `${name}: projects/p/topics/${name}`).join(', ')} }`,
      'store: { sqlite: { path: ./store.sqlite } }',
      'access: { admission: { mode: none } }',
    ];
    await writeFile(config, lines.join('\n'));
    const port = await startReady({ COUNTERSIGN_CONFIG: config });
    const { image, digest } = await pushSigned('configs/a', key);
    const object = rootSync(image, `${image}@${digest}`);
    const { text } = await post(port, reviewOf({ object }), new Agent({ ca: cert }));
    expect(text).toContain('is not among the images that Countersign follows');
  });

  it('takes a new certificate while it serves, without one failed review', async () => {
    const first = await mountTls('first');
    const port = await startReady();
    const certificates = [first];
    const agents: Agent[] = [];
    const stopping = new AbortController();
    let answered = 0;
    const failures: string[] = [];
    const load = (async () => {
      while (!stopping.signal.aborted) {
        // A connection of its own for every review, by a client that knows both certificates.
        const agent = new Agent({ ca: certificates, keepAlive: false });
        agents.push(agent);
        try {
          const { status } = await post(port, reviewOf({ object: rootSync('a/b:v1') }), agent);
          if (status === 200) answered += 1;
          else failures.push(String(status));
        } catch (error) {
          failures.push(String(error));
        }
      }
    })();
    const { cert, key: privateKey } = createSelfSigned('second');
    certificates.push(cert);
    // Half of the new pair: the old one stays in use.
    await unlink(join(dir, 'tls/tls.crt'));
    await writeFile(join(dir, 'tls/tls.crt'), cert);
    await child?.line('Certificate cannot be replaced');
    expect(await nameOf(port)).toBe('first');
    await unlink(join(dir, 'tls/tls.crt'));
    await symlink('..data/tls.crt', join(dir, 'tls/tls.crt'));
    await mount('tls', { 'tls.crt': cert, 'tls.key': privateKey });
    await child?.line('Certificate replaced');
    expect(await nameOf(port)).toBe('second');
    stopping.abort();
    await load;
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(0);
    for (const agent of agents) agent.destroy();
  });

  it('takes a new public key, and keeps the old one while there is none to read', async () => {
    const cert = await mountTls('first');
    const port = await startReady();
    const agent = new Agent({ ca: cert });
    const second = newKey();
    const { image, digest } = await pushSigned('configs/a', second.privateKey);
    const body = reviewOf({ object: rootSync(image, `${image}@${digest}`) });
    expect((await post(port, body, agent)).text).toContain('wrong-key');
    await mount('cosign-key', { 'cosign.pub': 'no key' });
    await child?.line('Key cannot be replaced');
    expect((await post(port, body, agent)).text).toContain('wrong-key');
    await mount('cosign-key', { 'cosign.pub': second.pem });
    await vi.waitFor(async () => {
      expect((await post(port, body, agent)).text).toContain('"allowed":true');
    }, PATIENCE);
  });

  it('asks no private address, which an annotation alone would name', async () => {
    const cert = await mountTls('first');
    const port = await startReady();
    const agent = new Agent({ ca: cert });
    const hosts = ['10.1.2.3', '169.254.169.254', 'localhost', '127.0.0.1.nip.invalid', '[::1]'];
    for (const host of hosts) {
      const image = `${host}/x/y:v1`;
      const object = rootSync(image, `${image}@sha256:${'a'.repeat(64)}`);
      const { text } = await post(port, reviewOf({ object }), agent);
      expect(text).toMatch(/registry-not-allowed|registry-unavailable/);
      expect(text).toContain('"allowed":false');
    }
  });
});

describe('what keeps it from starting is said, with exit code 1', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    [
      'no certificate',
      { COUNTERSIGN_TLS_CERT: '/nowhere/tls.crt' },
      /\/nowhere\/tls\.crt cannot be read \(ENOENT\)/,
    ],
    [
      'neither a config file nor a public key',
      { COUNTERSIGN_COSIGN_KEY: '/nowhere/cosign.pub' },
      /neither a config file nor a public key \/nowhere\/cosign\.pub.*COUNTERSIGN_CONFIG/,
    ],
    [
      'a config file that is named and not there, whatever key is',
      { COUNTERSIGN_CONFIG: '/nowhere/c.yaml' },
      /\/nowhere\/c\.yaml.*ENOENT/,
    ],
    ['a switch of no sense', { COUNTERSIGN_TLS: 'maybe' }, /COUNTERSIGN_TLS must be on or off/],
    ['an open door without TLS', { COUNTERSIGN_TLS: 'off', HOST: '0.0.0.0' }, /loopback/],
    [
      'a list that is none',
      { COUNTERSIGN_INSECURE_REGISTRIES: 'http://x' },
      /COUNTERSIGN_INSECURE_REGISTRIES/,
    ],
  ])('%s', async (_, env, words) => {
    await mountTls('first');
    const failed = start(env);
    expect(await failed.exited).toEqual({ code: 1, signal: null });
    const line = failed.lines.find(({ message }) => message === 'Function cannot start');
    expect(String(line?.error)).toMatch(words);
    expect(failed.noise).toEqual([]);
  });

  it('a certificate and a key that do not fit, of which nothing is shown', async () => {
    await mountTls('first');
    const { key: other } = createSelfSigned('other');
    await writeFile(join(dir, 'tls/..data/tls.key'), other);
    const failed = start();
    expect(await failed.exited).toEqual({ code: 1, signal: null });
    expect(JSON.stringify(failed.lines)).not.toContain('BEGIN');
    expect(JSON.stringify(failed.lines)).toContain('are not a certificate and its key');
    expect(await readFile(join(dir, 'tls/tls.key'), 'utf8')).toBe(other);
  });
});
