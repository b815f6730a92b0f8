import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { writeKubeconfig, type Kube, startKube } from '#infra/local/kube/start-kube.ts';
import { type RunningRegistry, startRegistry } from '#infra/local/registry/start-registry.ts';
import { IDENTITY, ociSpec } from '#test/fixtures/config-sync-world.ts';
import { createPusher } from '#test/fixtures/push-artifact.ts';
import { compileCache } from '#test/compile-cache.ts';
import { makeFolder } from '#test/unit/fleet/write-kubeconfig.ts';

let kube: Kube;
let registry: RunningRegistry;

afterEach(async () => {
  await kube?.close();
  await registry?.close();
});

/** The exit code and what was printed. */
async function preflight(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...compileCache() };
  const command = ['functions/cli/main.ts', 'preflight', ...args];
  const started = promisify(execFile)(process.execPath, command, { env });
  try {
    const { stdout, stderr } = await started;
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    if (!(error instanceof Error) || !('stdout' in error) || !('code' in error)) throw error;
    const stderr = 'stderr' in error ? error.stderr : '';
    return { code: Number(error.code), out: String(error.stdout), err: String(stderr) };
  }
}

/** A cluster with one RootSync on a pushed image, and the config file that leads there. */
async function setUp(gate: boolean, staged = false): Promise<{ file: string; digest: string }> {
  registry = await startRegistry({ port: 0 });
  kube = await startKube({ name: 'cluster-1' });
  const folder = await makeFolder();
  const digest = await createPusher(registry.url, 'configs/platform').image(
    { 'a.yaml': 'a: 1' },
    'v1',
  );
  kube.store.put('rootsyncs', {
    apiVersion: 'configsync.gke.io/v1beta1',
    kind: 'RootSync',
    metadata: { name: 'root-sync', namespace: 'config-management-system' },
    spec: ociSpec(`${registry.host}/configs/platform:v1`),
  });
  await writeKubeconfig({ path: join(folder, 'kubeconfig'), clusters: [kube], user: IDENTITY });
  const topic = (name: string) => `projects/local/topics/${name}`;
  const config = {
    apiVersion: 'countersign.dev/v1',
    fleet: { kubeconfig: { path: './kubeconfig' } },
    registries: [{ host: registry.host, plainHttp: true, auth: 'none' }],
    images: [
      { match: `${registry.host}/configs/**`, trust: 'open', ...(staged && { rollout: 'fleet' }) },
    ],
    ...(staged && {
      rollouts: { strategies: { fleet: { stages: [{ name: 'all' }] } } },
      records: { sqlite: { path: './records.sqlite' } },
    }),
    trust: { open: { allowUnsigned: true } },
    topics: {
      tasks: topic('tasks'),
      sweepTasks: topic('sweep-tasks'),
      resyncTasks: topic('resync-tasks'),
      status: topic('status'),
      deadLetters: topic('dead-letters'),
    },
    store: { sqlite: { path: './store.sqlite' } },
    access: {},
    ...(gate ? { gate: { identity: IDENTITY, breakGlass: [] } } : {}),
  };
  const file = join(folder, 'countersign.yaml');
  await writeFile(file, stringify(config));
  return { file, digest };
}

describe('npm run preflight', () => {
  it('reads the config, the fleet and the registry, and exits with what it found', async () => {
    const { file, digest } = await setUp(true);
    const found = await preflight(file, '--json');
    expect([found.code, found.err]).toEqual([1, '']);
    expect(JSON.parse(found.out)).toMatchObject({
      clusters: [
        {
          cluster: 'cluster-1',
          kubernetes: '1.32.0',
          configSync: '1.21.0',
          user: IDENTITY,
          problems: [],
          refused: [{ key: digest, because: 'not-approved-yet' }],
        },
      ],
    });
    const { store } = kube;
    const old = store.get('rootsyncs', 'config-management-system', 'root-sync');
    if (old === undefined) throw new Error('No RootSync');
    const annotations = { 'countersign.dev/approved': digest };
    store.commit('rootsyncs', old, { ...old, metadata: { ...old.metadata, annotations } });
    expect(await preflight(file)).toMatchObject({
      code: 0,
      out: expect.stringContaining('The gate would refuse nothing in 1 cluster'),
    });
  });

  it('plans images with a strategy by the budget of sweeps, and opens no record', async () => {
    const { file } = await setUp(true, true);
    const found = await preflight(file, '--json');
    expect([found.code, found.err]).toEqual([1, '']);
    expect(JSON.parse(found.out).rollouts).toMatchObject({
      left: 0,
      plans: [{ image: `${registry.host}/configs/platform:v1`, strategy: 'fleet', clusters: 1 }],
    });
    expect(await readdir(dirname(file))).not.toContain('records.sqlite');
  });

  it.each([
    ['has no gate', true],
    ['is not there', false],
  ])('exits with 2 where the config %s', async (_, there) => {
    const { file } = await setUp(false);
    const { code, out, err } = await preflight(there ? file : `${file}.gone`);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('(bad-config)');
  });
});
