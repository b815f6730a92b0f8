import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { ROOT_SYNC, type TestWorld, startTestWorld } from '#test/fixtures/local-world.ts';
import { findTool } from '#infra/local/real/find-tool.ts';
import { runProcess } from './tools/process.ts';
import { SELDOM } from '#test/patience.ts';

const DIGEST = /sha256:[0-9a-f]{64}/;
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
const SIGNING = [
  'sign',
  '--yes',
  '--tlog-upload=false',
  '--use-signing-config=false',
  '--new-bundle-format=true',
  '--allow-http-registry',
];

const receiptSchema = z.looseObject({ version: z.string(), digest: z.string(), image: z.string() });
const specSchema = z.looseObject({
  spec: z.looseObject({ oci: z.looseObject({ image: z.string() }) }),
});
const trackSchema = z.looseObject({
  candidates: z.array(z.looseObject({ tag: z.string(), chosen: z.boolean() })),
});

let folder: string;
let world: TestWorld;
let image: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-versions-'));
  await writeFile(join(folder, 'namespace.yaml'), 'kind: Namespace\n');
  world = await startTestWorld({
    clusters: 2,
    sweepMs: 1_000,
    track: '{ semver: "1.x" }',
    immutableTags: true,
  });
  image = `${world.registry}/configs/platform`;
});
afterAll(async () => {
  await world?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a tool in the test's folder, with a home of its own, and returns what it printed. */
async function tool(name: string, ...args: string[]): Promise<string> {
  const command = name === 'tar' ? name : findTool(name);
  const env = { HOME: folder, DOCKER_CONFIG: join(folder, 'docker'), COSIGN_PASSWORD: '' };
  const { code, stderr, stdout } = await runProcess({ command, args, cwd: folder, env });
  if (code !== 0) throw new Error(`${name} ${args.join(' ')} exited ${code}: ${stderr}`);
  return `${stdout}${stderr}`.trim();
}

/** Each has content of its own. */
async function layer(content: string): Promise<string> {
  const file = `${content}.tar.gz`;
  await writeFile(
    join(folder, 'content.yaml'),
    `kind: ConfigMap\nmetadata: { name: c-${content} }\n`,
  );
  await tool('tar', 'czf', file, 'namespace.yaml', 'content.yaml');
  return file;
}

async function pushByCrane(version: string): Promise<string> {
  const file = await layer(`crane-${version}`);
  const pushed = await tool(
    'crane',
    'append',
    '--oci-empty-base',
    '-f',
    file,
    '-t',
    `${image}:${version}`,
  );
  return DIGEST.exec(pushed)?.[0] ?? '';
}

async function pushByOras(version: string): Promise<string> {
  const file = await layer(`oras-${version}`);
  const pushed = await tool(
    'oras',
    'push',
    '--plain-http',
    `${image}:${version}`,
    `${file}:${LAYER}`,
  );
  return DIGEST.exec(pushed)?.[0] ?? '';
}

async function sign(digest: string): Promise<void> {
  await tool('cosign3', ...SIGNING, `--key=${world.files.privateKey}`, `${image}@${digest}`);
}

async function receiptIn(cluster: string): Promise<z.infer<typeof receiptSchema> | undefined> {
  const { annotations } = (await world.get(cluster, ROOT_SYNC)).metadata;
  const text = annotations['countersign.dev/receipt'];
  return text === undefined ? undefined : receiptSchema.parse(JSON.parse(text));
}

/** Every cluster has taken that version, and Config Sync reports it. */
async function untilLive(version: string, digest: string): Promise<void> {
  for (const { name } of world.clusters) {
    await vi.waitUntil(async () => (await receiptIn(name))?.version === version, SELDOM);
    await vi.waitUntil(async () => {
      const { status } = await world.get(name, ROOT_SYNC);
      return status.lastSyncedCommit === digest.slice('sha256:'.length);
    }, SELDOM);
    const { spec } = specSchema.parse(await world.get(name, ROOT_SYNC));
    expect(spec.oci.image).toBe(`${image}@${digest}`);
  }
}

async function track(): Promise<z.infer<typeof trackSchema>> {
  const api = world.functions.get('api')?.url ?? '';
  const answer = await fetch(`${api}/v1/track?image=${encodeURIComponent(image)}`);
  return trackSchema.parse(await answer.json());
}

describe('versions in the local world, with immutable tags', () => {
  it('go live as crane and oras push them, and nothing goes down', async () => {
    const first = await pushByCrane('1.4.1');
    await sign(first);
    await untilLive('1.4.1', first);

    // Neither is what is followed: another major, a pre-release, and what is not signed yet.
    await sign(await pushByOras('2.0.0'));
    await sign(await pushByOras('1.5.0-rc.1'));
    const second = await pushByOras('1.5.0');
    expect(await receiptIn('cluster-1')).toMatchObject({ version: '1.4.1' });
    await sign(second);
    await untilLive('1.5.0', second);

    // A lower one comes, and the tag that was taken goes.
    await sign(await pushByCrane('1.4.2'));
    await tool('crane', 'delete', `${image}:1.5.0`);
    // Until the sweep has listed anew; a caller may ask as often as this.
    const listedAnew = async (): Promise<boolean> => (await track()).candidates[0]?.tag === '1.4.2';
    await vi.waitUntil(listedAnew, { ...SELDOM, interval: 5_000 });
    expect(await receiptIn('cluster-1')).toMatchObject({ version: '1.5.0', digest: second });
    expect(await receiptIn('cluster-2')).toMatchObject({ version: '1.5.0', digest: second });
  });

  it('move a chart to the highest version that helm pushed, with its build part', async () => {
    const [cluster] = world.clusters;
    const repo = `oci://${world.registry}/configs/charts`;
    await mkdir(join(folder, 'shop', 'templates'), { recursive: true });
    await writeFile(join(folder, 'shop', 'templates', 'a.yaml'), 'kind: Namespace\n');
    const push = async (version: string): Promise<string> => {
      const chart = `apiVersion: v2\nname: shop\nversion: ${version}\n`;
      await writeFile(join(folder, 'shop', 'Chart.yaml'), chart);
      await tool('helm', 'package', 'shop');
      const pushed = await tool('helm', 'push', `shop-${version}.tgz`, repo, '--plain-http');
      return DIGEST.exec(pushed)?.[0] ?? '';
    };
    const first = await push('1.0.0');
    const second = await push('1.2.0+b7');
    for (const digest of [first, second]) {
      const chart = `${world.registry}/configs/charts/shop@${digest}`;
      await tool('cosign3', ...SIGNING, `--key=${world.files.privateKey}`, chart);
    }
    const syncs = `${cluster?.url}/apis/configsync.gke.io/v1beta1/namespaces/config-management-system/rootsyncs`;
    const helm = { repo, chart: 'shop', version: '1.0.0', auth: 'none' };
    const body = JSON.stringify({
      apiVersion: 'configsync.gke.io/v1beta1',
      kind: 'RootSync',
      metadata: { name: 'shop', namespace: 'config-management-system' },
      spec: { sourceType: 'helm', sourceFormat: 'unstructured', helm },
    });
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(syncs, { method: 'POST', headers, body })).status).toBe(201);
    const chartSchema = z.looseObject({
      spec: z.looseObject({ helm: z.looseObject({ version: z.string() }) }),
    });
    await vi.waitUntil(async () => {
      const { spec } = chartSchema.parse(await (await fetch(`${syncs}/shop`)).json());
      return spec.helm.version === '1.2.0+b7';
    }, SELDOM);
  });

  it('refuse to be pushed twice, so that each is a tag of its own', async () => {
    await pushByCrane('1.3.0');
    const file = await layer('other');
    const pushed = tool('crane', 'append', '--oci-empty-base', '-f', file, '-t', `${image}:1.3.0`);
    await expect(pushed).rejects.toThrow(/DENIED|403/);
  });
});
