import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KubeCall } from '#infra/local/real/kube-request.ts';
import { playPods } from '#infra/local/real/play-pods.ts';
import { startPod, templateSchema } from '#infra/local/real/pod.ts';
import { PATIENCE } from '#test/patience.ts';
import { isAlive } from '#test/fixtures/is-alive.ts';

const DEPLOYMENTS = '/apis/apps/v1/namespaces/config-management-system/deployments';

let folder: string;
let bin: string;
let logs: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-pods-'));
  [bin, logs] = [join(folder, 'bin'), join(folder, 'logs', 'root-reconciler')];
  for (const one of [bin, logs]) await mkdir(one, { recursive: true });
});
afterEach(() => rm(folder, { recursive: true }));

/** A program of a container, as a shell script. */
async function program(name: string, script: string): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(bin, name), 0o700);
}

const STAYS = 'echo "$@ $SYNC_DIR $KUBECONFIG"; exec sleep 1000';

function template(...containers: object[]) {
  return { spec: { serviceAccountName: 'root-reconciler', containers } };
}

const container = (name: string, args: string[] = []) => ({
  name,
  args,
  env: [{ name: 'SYNC_DIR', value: '/repo/source' }],
});

const logOf = (name: string): Promise<string> => readFile(join(logs, `${name}.log`), 'utf8');

describe('startPod()', () => {
  const options = () => ({
    folder: join(folder, 'pod'),
    bin,
    path: '/usr/bin:/bin',
    kubeconfig: '/the/kubeconfig',
    logs,
    onEnd: vi.fn<(container: string, how: string) => void>(),
  });

  it('runs what it knows of the containers, with the volumes in its folder', async () => {
    for (const name of ['reconciler', 'oci-sync']) await program(name, STAYS);
    const containers = template(
      container('reconciler', ['--repo-root=/repo', '--other=/elsewhere/repo']),
      container('oci-sync', ['--root=/repo/source']),
      container('otel-agent'),
    );
    const pod = await startPod({ ...options(), template: templateOf(containers) });
    expect(pod.containers).toEqual(['reconciler', 'oci-sync']);
    const repo = join(folder, 'pod', 'repo');
    const written = await vi.waitFor(async () => {
      const both = await Promise.all(['reconciler', 'oci-sync'].map(logOf));
      if (!both.every((log) => log.endsWith('\n'))) throw new Error('they have not begun');
      return both;
    }, PATIENCE);
    expect(written).toEqual([
      `--repo-root=${repo} --other=/elsewhere/repo ${repo}/source /the/kubeconfig\n`,
      // The others get no credentials.
      `--root=${repo}/source ${repo}/source \n`,
    ]);
    await pod.stop();
    expect(await readdir(folder)).not.toContain('pod');
  });

  it('starts again what ended, and says how it did', async () => {
    await program('oci-sync', 'echo up; exit 7');
    const given = options();
    const containers = templateOf(template(container('oci-sync')));
    const pod = await startPod({ ...given, template: containers, restartMs: 1 });
    await vi.waitFor(async () => expect(await logOf('oci-sync')).toMatch(/^up\nup\n/), PATIENCE);
    await pod.stop();
    expect(given.onEnd).toHaveBeenCalledWith('oci-sync', 'exit 7');
  });

  it('ends what a container started, too', async () => {
    await program('helm-sync', 'sleep 1000 & echo $!; wait');
    const containers = templateOf(template(container('helm-sync')));
    const pod = await startPod({ ...options(), template: containers });
    await vi.waitFor(async () => expect(await logOf('helm-sync')).toMatch(/^\d+\n$/), PATIENCE);
    const pid = Number(await logOf('helm-sync'));
    await pod.stop();
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), PATIENCE);
  });
});

/** As the API gives it. */
const templateOf = (value: object) => templateSchema.parse(value);

describe('playPods()', () => {
  it('runs a pod for each Deployment, anew where its template changes, and reports both', async () => {
    for (const name of ['reconciler', 'oci-sync']) await program(name, STAYS);
    const metadata = { name: 'root-reconciler', generation: 1 };
    const deployment = (generation: number, name: string) => ({
      metadata: { ...metadata, generation },
      spec: { template: template(container(name)) },
    });
    let deployments: object[] = [deployment(1, 'reconciler')];
    const patches: KubeCall[] = [];
    const steps: string[] = [];
    const stopping = new AbortController();
    const playing = playPods(
      {
        async send(call) {
          if (call.method === 'PATCH') patches.push(call);
          return { status: 200, headers: {}, body: { items: deployments } };
        },
        bin,
        path: '/usr/bin:/bin',
        folder,
        kubeconfigOf: async (account) => `/kubeconfig/of/${account}`,
        onStep: (step) => steps.push(step),
      },
      stopping.signal,
    );
    await vi.waitFor(() => expect(patches).toHaveLength(1), PATIENCE);
    expect(patches[0]).toMatchObject({
      path: `${DEPLOYMENTS}/root-reconciler/status`,
      body: { status: { observedGeneration: 1, readyReplicas: 1, unavailableReplicas: null } },
    });
    deployments = [deployment(2, 'oci-sync')];
    await vi.waitFor(() => expect(patches).toHaveLength(2), PATIENCE);
    expect(patches[1]).toMatchObject({ body: { status: { observedGeneration: 2 } } });
    expect(steps).toEqual([
      'Pod root-reconciler runs reconciler',
      'Pod root-reconciler runs oci-sync',
    ]);
    await vi.waitFor(
      async () => expect(await logOf('reconciler')).toContain('/kubeconfig/of/root-reconciler'),
      PATIENCE,
    );
    deployments = [];
    const pods = join(folder, 'pods');
    await vi.waitFor(async () => expect(await readdir(pods)).toEqual([]), PATIENCE);
    stopping.abort();
    await playing;
  });
});
