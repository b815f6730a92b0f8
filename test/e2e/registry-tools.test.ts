import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Notification } from '#infra/local/registry/manifests.ts';
import { type RunningRegistry, startRegistry } from '#infra/local/registry/start-registry.ts';
import { requireTokens } from '#test/fakes/token-auth.ts';
import { findTool } from '#infra/local/real/find-tool.ts';
import { runProcess } from './tools/process.ts';

const DIGEST = /sha256:[0-9a-f]{64}/;
const CONTENT = 'kind: Namespace\n';
const BUNDLE = { artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json' };
/** What signs with a key and asks nothing of the world outside, and where the signature is then. */
const COSIGNS = [
  {
    cosign: 'cosign2',
    offline: ['--tlog-upload=false'],
    place: 'its .sig tag',
    legacyTag: {},
    referrers: [],
  },
  {
    cosign: 'cosign3',
    offline: ['--tlog-upload=false', '--use-signing-config=false', '--new-bundle-format=true'],
    place: 'a referrer',
    legacyTag: { status: 404 },
    referrers: [BUNDLE],
  },
];

let folder: string;
let registry: RunningRegistry;
let image: string;
let notified: Notification[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-tools-'));
  await writeFile(join(folder, 'namespace.yaml'), CONTENT);
  await tool('tar', 'cf', 'layer.tar', 'namespace.yaml');
  await mkdir(join(folder, 'out'));
  notified = [];
  const notify = async (notification: Notification): Promise<void> => {
    notified.push(notification);
  };
  registry = await startRegistry({ port: 0, notify });
  image = `${registry.host}/configs/platform`;
});
afterEach(async () => {
  await registry?.close();
  await rm(folder, { recursive: true });
});

/** Runs a tool in the test's folder, with a home of its own, and returns what it printed. */
async function tool(name: string, ...args: string[]): Promise<string> {
  const command = name === 'tar' ? name : findTool(name);
  const env = { HOME: folder, DOCKER_CONFIG: join(folder, 'docker'), COSIGN_PASSWORD: '' };
  const { code, stderr, stdout } = await runProcess({ command, args, cwd: folder, env });
  if (code !== 0) throw new Error(`${name} ${args.join(' ')} exited ${code}: ${stderr}`);
  return stdout.trim();
}

async function append(reference: string): Promise<string> {
  const pushed = await tool(
    'crane',
    'append',
    '--oci-empty-base',
    '-f',
    'layer.tar',
    '-t',
    reference,
  );
  return DIGEST.exec(pushed)?.[0] ?? '';
}

async function get(path: string): Promise<unknown> {
  const response = await fetch(`${registry.url}/v2/configs/platform/${path}`);
  return response.ok ? response.json() : { status: response.status };
}

describe('crane', () => {
  it('appends, asks for the digest, lists, copies, pulls and deletes', async () => {
    const digest = await append(`${image}:v1`);
    expect(await tool('crane', 'digest', `${image}:v1`)).toBe(digest);
    expect(await tool('crane', 'ls', image)).toBe('v1');
    const copy = `${registry.host}/other/place:v2`;
    await tool('crane', 'copy', `${image}:v1`, copy);
    expect(await tool('crane', 'digest', copy)).toBe(digest);
    await tool('crane', 'pull', '--format=oci', copy, 'out/image');
    expect(await readFile(join(folder, 'out/image/index.json'), 'utf8')).toContain(digest);
    await tool('crane', 'export', copy, 'out/files.tar');
    expect(await readFile(join(folder, 'out/files.tar'), 'utf8')).toContain(CONTENT);
    await tool('crane', 'delete', `${image}@${digest}`);
    expect(await tool('crane', 'ls', image)).toBe('');
    expect(notified).toEqual([
      { action: 'INSERT', digest: `${image}@${digest}`, tag: `${image}:v1` },
      { action: 'INSERT', digest: `${registry.host}/other/place@${digest}`, tag: copy },
      { action: 'DELETE', tag: `${image}:v1` },
      { action: 'DELETE', digest: `${image}@${digest}` },
    ]);
  });

  it('logs in where tokens are asked for, and is refused without', async () => {
    const credentials = { username: 'robot', password: 'secret' };
    const open = registry;
    registry = await startRegistry({ port: 0, guard: requireTokens({ credentials }) });
    await open.close();
    const reference = `${registry.host}/configs/platform:v1`;
    await expect(append(reference)).rejects.toThrow('UNAUTHORIZED');
    await tool('crane', 'auth', 'login', registry.host, '-u', 'robot', '-p', 'secret');
    expect(await append(reference)).toMatch(DIGEST);
    const copy = `${registry.host}/other/place:v1`;
    await tool('crane', 'copy', reference, copy);
    expect(await tool('crane', 'ls', `${registry.host}/other/place`)).toBe('v1');
  });
});

describe('oras', () => {
  it('pushes, attaches, discovers and pulls', async () => {
    const file = 'namespace.yaml:application/yaml';
    await tool('oras', 'push', '--plain-http', `${image}:files`, file);
    const type = 'application/vnd.example.note';
    await tool('oras', 'attach', '--plain-http', '--artifact-type', type, `${image}:files`, file);
    const found = await tool('oras', 'discover', '--plain-http', '--format=json', `${image}:files`);
    expect(found).toContain(`"artifactType": "${type}"`);
    await tool('oras', 'pull', '--plain-http', '-o', 'out', `${image}:files`);
    expect(await readFile(join(folder, 'out/namespace.yaml'), 'utf8')).toBe(CONTENT);
    // The referrers API is known to be here, so no fallback tag was written.
    expect(await get('tags/list')).toEqual({ name: 'configs/platform', tags: ['files'] });
    const untagged = {
      action: 'INSERT',
      digest: expect.stringMatching(`^${image}@${DIGEST.source}$`),
    };
    expect(notified[1]).toEqual(untagged);
  });
});

describe('skopeo', () => {
  it('copies in, across and out with the digest unchanged', async () => {
    const digest = await append(`${image}:v1`);
    const here = ['--src-tls-verify=false', '--dest-tls-verify=false'];
    const copy = `docker://${registry.host}/copied/by/skopeo:v1`;
    await tool('skopeo', 'copy', '--insecure-policy', ...here, `docker://${image}:v1`, copy);
    const inspect = ['inspect', '--tls-verify=false', '--format={{.Digest}}'];
    expect(await tool('skopeo', ...inspect, copy)).toBe(digest);
    await tool('skopeo', 'copy', '--insecure-policy', ...here, copy, 'oci:out:v1');
    await tool('skopeo', 'copy', '--insecure-policy', ...here, 'oci:out:v1', `${copy}-again`);
    expect(await tool('skopeo', ...inspect, `${copy}-again`)).toBe(digest);
  });
});

describe.each(COSIGNS)('$cosign', ({ cosign, offline, place, legacyTag, referrers }) => {
  it(`signs into ${place} and verifies with a key`, async () => {
    const digest = await append(`${image}:v1`);
    const reference = `${image}@${digest}`;
    await tool(cosign, 'generate-key-pair');
    const sign = ['sign', '--yes', '--key=cosign.key', '--allow-http-registry', ...offline];
    await tool(cosign, ...sign, reference);
    const verify = ['verify', '--key=cosign.pub', '--allow-http-registry'];
    const verified = await tool(cosign, ...verify, '--insecure-ignore-tlog=true', reference);
    expect(verified).toContain(digest);
    const tag = digest.replace(':', '-');
    expect(await get(`manifests/${tag}.sig`)).toMatchObject(legacyTag);
    expect(await get(`referrers/${digest}`)).toMatchObject({ manifests: referrers });
  });
});
