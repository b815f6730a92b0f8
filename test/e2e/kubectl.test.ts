import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { writeKubeconfig, type Kube, startKube } from '#infra/local/kube/start-kube.ts';
import { PATIENCE } from '#test/patience.ts';
import { endWithTests } from '#test/fixtures/end-with-tests.ts';

interface Run {
  code: number;
  stdout: string;
  stderr: string;
}

const image = 'registry.example/configs/platform:v1';

describe('kubectl', () => {
  let kube: Kube;
  let folder: string;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-kubectl-'));
    // kubectl caches discovery per host:port; a port of another run must not answer for this one.
    env = { ...process.env, HOME: folder, KUBECACHEDIR: join(folder, 'cache') };
    env['KUBECONFIG'] = join(folder, 'kubeconfig');
    await kubectl(['version', '--client']);
    kube = await startKube({ name: 'cluster-1', admit: [({ name }) => refuse(name)] });
    await writeKubeconfig({ path: env['KUBECONFIG'], clusters: [kube], user: 'dev@acme.example' });
  });
  afterAll(async () => {
    await kube?.close();
    await rm(folder, { recursive: true });
  });

  function kubectl(args: readonly string[], input = ''): Promise<Run> {
    return new Promise((resolve, reject) => {
      const child = execFile('kubectl', args, { env }, (error, stdout, stderr) => {
        if (error !== null && 'code' in error && error.code === 'ENOENT') {
          reject(new Error('kubectl is not on PATH; install it (kubernetes.io/docs/tasks/tools)'));
          return;
        }
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, stdout: stripVTControlCharacters(stdout), stderr });
      });
      child.stdin?.end(input);
    });
  }

  const inSystem = (...args: string[]) => kubectl(['-n', 'config-management-system', ...args]);

  async function apply(name: string, ...flags: string[]): Promise<Run> {
    return kubectl(['apply', '-f', '-', ...flags], manifest(name));
  }

  it('applies, and finds nothing to change the second time', async () => {
    expect((await apply('root-sync')).stdout).toBe(
      'rootsync.configsync.gke.io/root-sync created\n',
    );
    expect((await apply('root-sync')).stdout).toContain('unchanged');
  });

  it('prints the columns of the CRD', async () => {
    await apply('columns');
    const { stdout } = await kubectl(['get', 'rootsyncs', '-A', '-o', 'wide']);
    expect(stdout.split('\n')[0]?.split(/\s+/)).toEqual([
      'NAMESPACE',
      'NAME',
      'RENDERINGCOMMIT',
      'RENDERINGERRORCOUNT',
      'SOURCECOMMIT',
      'SOURCEERRORCOUNT',
      'SYNCCOMMIT',
      'SYNCERRORCOUNT',
    ]);
    expect(stdout).toMatch(/^config-management-system +columns /m);
  });

  it('gets one object as YAML', async () => {
    await apply('yaml');
    const { stdout } = await inSystem('get', 'rootsync', 'yaml', '-o', 'yaml');
    expect(stdout).toContain(`image: ${image}`);
    expect(stdout).toContain('apiVersion: configsync.gke.io/v1beta1');
  });

  it('describes an object', async () => {
    await apply('described');
    const { code, stdout } = await inSystem('describe', 'rootsync', 'described');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Kind: +RootSync$/m);
    expect(stdout).toMatch(/^Events: +<none>$/m);
  });

  it('applies server-side', async () => {
    const { code, stdout } = await apply('server-side', '--server-side');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'rootsync.configsync.gke.io/server-side serverside-applied\n',
    });
  });

  it('dry-runs on the server and stores nothing', async () => {
    const { stdout } = await apply('dry', '--dry-run=server');
    expect(stdout).toContain('created (server dry run)');
    const { code, stderr } = await inSystem('get', 'rootsync', 'dry');
    expect(code).toBe(1);
    expect(stderr).toContain('rootsyncs.configsync.gke.io "dry" not found');
  });

  it.each([
    ['merge', '{"spec":{"oci":{"image":"x:v2"}}}'],
    ['json', '[{"op":"replace","path":"/spec/oci/image","value":"x:v2"}]'],
  ])('patches: %s', async (type, patch) => {
    await apply(`patched-${type}`);
    await inSystem('patch', 'rootsync', `patched-${type}`, '--type', type, '-p', patch);
    expect(
      kube.store.get('rootsyncs', 'config-management-system', `patched-${type}`),
    ).toMatchObject({
      spec: { oci: { image: 'x:v2', auth: 'none' } },
      metadata: { generation: 2 },
    });
  });

  it('annotates, and is known by its user and field manager', async () => {
    await apply('annotated');
    await inSystem('annotate', 'rootsync', 'annotated', 'a.example/b=c');
    const stored = kube.store.get('rootsyncs', 'config-management-system', 'annotated');
    expect(stored?.metadata.annotations).toMatchObject({ 'a.example/b': 'c' });
    expect(kube.store.requests.findLast(({ verb }) => verb === 'patch')).toMatchObject({
      user: 'dev@acme.example',
      fieldManager: 'kubectl-annotate',
      path: '/apis/configsync.gke.io/v1beta1/namespaces/config-management-system/rootsyncs/annotated',
    });
  });

  it('creates and deletes a namespace and a config map', async () => {
    const both = `
apiVersion: v1
kind: Namespace
metadata: { name: team-a }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: team-a }
data: { a: b }
`;
    expect((await kubectl(['apply', '-f', '-'], both)).code).toBe(0);
    const changed = both.replace('a: b', 'a: c');
    expect((await kubectl(['apply', '-f', '-'], changed)).stdout).toContain(
      'configmap/settings configured',
    );
    expect((await kubectl(['delete', 'namespace', 'team-a'])).code).toBe(0);
    expect(kube.store.get('configmaps', 'team-a', 'settings')).toBeUndefined();
  });

  it('waits for a deletion to be complete', async () => {
    await apply('deleted');
    expect((await inSystem('delete', 'rootsync', 'deleted')).code).toBe(0);
    expect((await inSystem('get', 'rootsync', 'deleted')).code).toBe(1);
  });

  it('follows changes with get --watch', async () => {
    await apply('watched');
    const args = [
      '-n',
      'config-management-system',
      'get',
      'rootsync',
      'watched',
      '-w',
      '-o',
      'name',
    ];
    const child = endWithTests(() => spawn('kubectl', args, { env }));
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const lines = () => output.split('\n').filter((text) => text.endsWith('/watched')).length;
    try {
      await vi.waitFor(() => expect(lines()).toBe(1), PATIENCE);
      await vi.waitFor(() => expect(kube.store.subscribers()).toBe(1), PATIENCE);
      await inSystem('annotate', 'rootsync', 'watched', 'a.example/b=c');
      await vi.waitFor(() => expect(lines()).toBe(2), PATIENCE);
    } finally {
      child.kill();
    }
    await vi.waitFor(() => expect(kube.store.subscribers()).toBe(0), PATIENCE);
  });

  it('shows the text of an admission denial', async () => {
    const { code, stderr } = await apply('refused');
    expect(code).toBe(1);
    expect(stderr).toContain('refused by the test');
  });

  it.each([
    ['get deployments', /^reconciler-manager +1\/1 +1 +1 /m],
    ['rollout status deployment reconciler-manager', /successfully rolled out/],
    ['wait deployment reconciler-manager --for=condition=Available', /condition met/],
    ['describe deployment reconciler-manager', /1 desired \| 1 updated \| 1 total \| 1 available/],
  ])('shows the Deployment of Config Sync: %s', async (args, prints) => {
    expect((await inSystem(...args.split(' '))).stdout).toMatch(prints);
  });

  it('sees that Config Sync is there', async () => {
    const { stdout } = await kubectl(['get', 'crd', '-o', 'name']);
    expect(stdout).toContain(
      'customresourcedefinition.apiextensions.k8s.io/rootsyncs.configsync.gke.io',
    );
  });
});

function refuse(name: string) {
  if (name !== 'refused') return undefined;
  const message = 'refused by the test';
  return { code: 422, reason: 'Invalid', message, causes: [{ message }] };
}

function manifest(name: string): string {
  return JSON.stringify({
    apiVersion: 'configsync.gke.io/v1beta1',
    kind: 'RootSync',
    metadata: { name, namespace: 'config-management-system' },
    spec: { sourceType: 'oci', oci: { image, auth: 'none' } },
  });
}
