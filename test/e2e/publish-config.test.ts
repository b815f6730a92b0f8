import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { startRegistry } from '#infra/local/registry/start-registry.ts';
import { startDockerRegistry } from './tools/docker-registry.ts';
import { findTool } from '#infra/local/real/find-tool.ts';
import { type Finished, runProcess } from './tools/process.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const EXAMPLE = join(root, 'infra/examples/publish-config');
const REGISTRIES = [
  { registry: 'ours', start: () => startRegistry({ port: 0 }) },
  { registry: 'Debian’s', start: startDockerRegistry },
] as const;
const WAYS = [
  { TOOL: 'crane', FORM: 'bundle', cosign: 'cosign3' },
  { TOOL: 'oras', FORM: 'bundle', cosign: 'cosign3' },
  { TOOL: 'crane', FORM: 'legacy', cosign: 'cosign3' },
  { TOOL: 'oras', FORM: 'legacy', cosign: 'cosign2' },
] as const;
type Way = (typeof WAYS)[number];

const verdict = z.object({ verdict: z.object({ status: z.string() }) });

describe.each(REGISTRIES)('publish.sh with $registry registry', ({ start }) => {
  let folder: string;
  let registry: { readonly host: string; close(): Promise<void> };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-publish-'));
    registry = await start();
    for (const cosign of ['cosign2', 'cosign3']) {
      await mkdir(join(folder, cosign));
      await symlink(findTool(cosign), join(folder, cosign, 'cosign'));
      await symlink(findTool('crane'), join(folder, cosign, 'crane'));
      await symlink(findTool('oras'), join(folder, cosign, 'oras'));
    }
    await tool('cosign3', 'generate-key-pair');
    await writeFile(join(folder, 'countersign.yaml'), config(registry.host));
  });
  afterAll(async () => {
    await registry?.close();
    await rm(folder, { recursive: true });
  });

  function environment(): NodeJS.ProcessEnv {
    const DOCKER_CONFIG = join(folder, 'docker');
    return { HOME: folder, DOCKER_CONFIG, COSIGN_PASSWORD: '', XDG_CACHE_HOME: '' };
  }

  async function tool(name: string, ...args: readonly string[]): Promise<Finished> {
    return runProcess({ command: findTool(name), args, cwd: folder, env: environment() });
  }

  async function publish(way: Way, more: NodeJS.ProcessEnv = {}): Promise<Finished> {
    const { TOOL, FORM, cosign } = way;
    const env = {
      ...environment(),
      PATH: `${join(folder, cosign)}:${process.env.PATH ?? ''}`,
      IMAGE: imageOf(way),
      TAG: 'v1',
      KEY: join(folder, 'cosign.key'),
      TOOL,
      FORM,
      PLAIN_HTTP: '1',
      ...more,
    };
    return runProcess({ command: join(EXAMPLE, 'publish.sh'), cwd: folder, env });
  }

  function imageOf({ TOOL, FORM, cosign }: Way): string {
    return `${registry.host}/configs/${TOOL}-${FORM}-${cosign}`;
  }

  async function verify(reference: string): Promise<{ code: number; status: string }> {
    const file = join(folder, 'countersign.yaml');
    const args = [
      'functions/cli/main.ts',
      'verify',
      '--local',
      reference,
      '--config',
      file,
      '--json',
    ];
    const done = await runProcess({ command: process.execPath, args, cwd: root });
    if (done.stdout === '') throw new Error(`No verdict: ${done.stderr}`);
    return { code: done.code, status: verdict.parse(JSON.parse(done.stdout)).verdict.status };
  }

  it.each(WAYS)('$TOOL pushes, $cosign signs ($FORM), and we verify', async (way) => {
    const { code, stdout, stderr } = await publish(way);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    const published = stdout.trim().split('\n').at(-1) ?? '';
    expect(published).toMatch(new RegExp(`^${imageOf(way)}:v1@sha256:[0-9a-f]{64}$`));
    const tagged = await tool('crane', 'digest', `${imageOf(way)}:v1`);
    expect(tagged.stdout.trim()).toBe(published.replace(/^.*@/, ''));
    expect(await verify(`${imageOf(way)}:v1`)).toEqual({ code: 0, status: 'verified' });
  });

  it.each(WAYS)('$TOOL publishes the same digest again ($FORM)', async (way) => {
    const first = await publish(way);
    const again = await publish(way);
    expect(again.stdout.split('\n').at(-2)).toBe(first.stdout.split('\n').at(-2));
    expect(again.code).toBe(0);
  });

  it('moves no tag when signing fails', async () => {
    const [way] = WAYS;
    const image = `${registry.host}/configs/unsigned`;
    const { code } = await publish(way, { IMAGE: image, KEY: join(folder, 'no-such.key') });
    expect(code).not.toBe(0);
    expect((await tool('crane', 'digest', `${image}:v1`)).code).not.toBe(0);
  });

  it.each([{ TOOL: 'docker' }, { FORM: 'gpg' }, { IMAGE: '' }, { KEY: '' }])(
    'refuses %j before it tags anything',
    async (wrong) => {
      const image = `${registry.host}/configs/refused`;
      const { code, stderr } = await publish(WAYS[0], { IMAGE: image, ...wrong });
      expect(code).not.toBe(0);
      expect(stderr).toContain(Object.keys(wrong)[0]);
      expect((await tool('crane', 'digest', `${image}:v1`)).code).not.toBe(0);
    },
  );
});

function config(host: string): string {
  return `apiVersion: countersign.dev/v1
fleet: { kubeconfig: { path: ./kubeconfig } }
registries: [{ host: "${host}", plainHttp: true, auth: none }]
images: [{ match: "${host}/configs/**", trust: release }]
trust: { release: { authorities: [{ name: release-key, key: { file: ./cosign.pub } }] } }
store: { sqlite: { path: ./store.sqlite } }
topics:
  tasks: projects/p/topics/countersign-tasks
  sweepTasks: projects/p/topics/countersign-sweep-tasks
  resyncTasks: projects/p/topics/countersign-resync-tasks
  status: projects/p/topics/countersign-status
  deadLetters: projects/p/topics/countersign-dead-letters
`;
}
