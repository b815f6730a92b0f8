import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningRegistry, startRegistry } from '#infra/local/registry/start-registry.ts';
import { type Child, startChild } from '#test/fakes/child.ts';
import { createPusher } from '#test/fixtures/push-artifact.ts';
import { reviewOf, rootSync, UID } from '#test/fixtures/reviews.ts';

const BUNDLE = fileURLToPath(new URL('../../../dist/admission/main.js', import.meta.url));
const SECRET = '0f3c1fb1a7c54a0e8d2b7a51f6f0e5aa';
const JSON_TYPE = { 'content-type': 'application/json' };

let dir: string;
let registry: RunningRegistry;
let child: Child | undefined;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-central-'));
  registry = await startRegistry({ port: 0 });
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await child?.exited;
  child = undefined;
  await registry?.close();
  await rm(dir, { recursive: true });
});

async function start(access: string): Promise<Child> {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  await writeFile(join(dir, 'cosign.pub'), pem);
  const names = ['tasks', 'sweepTasks', 'resyncTasks', 'status', 'deadLetters'];
  const config = [
    'apiVersion: countersign.dev/v1',
    'fleet: { kubeconfig: { path: ./kubeconfig } }',
    `registries: [{ host: "${registry.host}", plainHttp: true, auth: none }]`,
    `images: [{ match: "${registry.host}/configs/**", trust: release }]`,
    'trust: { release: { authorities: [{ name: release-key, key: { file: ./cosign.pub } }] } }',
    `topics: { ${names.map((name) => `${name}: projects/p/topics/${name}`).join(', ')} }`,
    'store: { sqlite: { path: ./store.sqlite } }',
    `access: { ${access} }`,
  ].join('\n');
  await writeFile(join(dir, 'countersign.yaml'), config);
  child = startChild(BUNDLE, {
    PORT: '0',
    HOST: '127.0.0.1',
    K_SERVICE: 'countersign-admission',
    K_REVISION: 'countersign-admission-00001',
    COUNTERSIGN_CONFIG: join(dir, 'countersign.yaml'),
    METADATA_SERVER_DETECTION: 'none',
  });
  return child;
}

/** Plain HTTP under functions-framework, as Cloud Run's front end speaks to it. */
describe('behind Cloud Run, with a secret in the URL', () => {
  it('answers callers who know it, refuses all others, and logs it nowhere', async () => {
    const hash = createHash('sha256').update(SECRET).digest('hex');
    const running = await start(`admission: { mode: path, sha256: [${hash}] }`);
    const base = `http://127.0.0.1:${Number((await running.line('Listening')).port)}`;
    const digest = await createPusher(registry.url, 'configs/a').image({ 'a.yaml': 'a' }, 'v1');
    const image = `${registry.host}/configs/a:v1`;
    const body = reviewOf({ object: rootSync(image, `${image}@${digest}`) });
    const post = (path: string, text = body) =>
      fetch(`${base}${path}`, { method: 'POST', headers: JSON_TYPE, body: text });

    const told = await post(`/validate/${SECRET}?timeout=10s`);
    expect(told.status).toBe(200);
    expect(await told.json()).toMatchObject({
      response: { uid: UID, allowed: false, status: { message: expect.stringContaining(digest) } },
    });
    for (const path of [
      '/validate',
      `/validate/${SECRET}x`,
      `/validate/${SECRET}/`,
      '/validate/a',
    ]) {
      expect([403, 404]).toContain((await post(path)).status);
    }
    // Its own parsers would answer these with a stack trace.
    const broken = await post(`/validate/${SECRET}`, '{bad');
    expect(broken.status).toBe(400);
    expect(await broken.text()).not.toContain('    at ');
    expect((await fetch(`${base}/health`)).status).toBe(200);
    expect((await fetch(`${base}/ready`)).status).toBe(200);
    running.kill('SIGTERM');
    expect(await running.exited).toEqual({ code: 0, signal: null });
    expect(JSON.stringify(running.lines)).not.toContain(SECRET);
    expect(running.noise).toEqual([]);
  });
});

describe('what keeps it from starting is said, with exit code 1', () => {
  it.each([
    ['no caller who may call', 'api: { mode: none }', /access\.admission is missing/],
    ['a config with a problem', 'admission: { mode: open }', /access\.admission\.mode/],
  ])('%s', async (_, access, words) => {
    const failed = await start(access);
    expect(await failed.exited).toEqual({ code: 1, signal: null });
    expect(JSON.stringify(failed.lines)).toMatch(words);
  });
});
