import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ROOT } from '#test/docs/markdown.ts';
import { type Finished, runProcess } from './tools/process.ts';
import { startSyncCluster, type SyncCluster } from './tools/sync-cluster.ts';

const IDENTITY = 'countersign@p.example';
const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
const POLICY = `${ADMISSION}/validatingadmissionpolicies/countersign-gate`;
const BINDING = `${ADMISSION}/validatingadmissionpolicybindings/countersign-gate`;

let cluster: SyncCluster;
let folder: string;
let admin: string;

beforeAll(async () => {
  cluster = await startSyncCluster();
  folder = await mkdtemp(join(tmpdir(), 'countersign-gate-'));
  admin = await cluster.kubeconfig('admin', ['system:masters']);
  const names = ['tasks', 'sweepTasks', 'resyncTasks', 'status', 'deadLetters'];
  const config = {
    apiVersion: 'countersign.dev/v1',
    fleet: { kubeconfig: { path: await cluster.kubeconfig(IDENTITY) } },
    images: [{ match: 'us-docker.pkg.dev/acme/configs/**', trust: 'open' }],
    trust: { open: { allowUnsigned: true } },
    topics: Object.fromEntries(names.map((name) => [name, `projects/p/topics/${name}`])),
    store: { sqlite: { path: './store.sqlite' } },
    gate: { identity: IDENTITY, breakGlass: [] },
  };
  await writeFile(join(folder, 'countersign.yaml'), stringify(config));
});
afterAll(async () => {
  await cluster?.close();
  await rm(folder, { recursive: true });
});

function gate(...args: readonly string[]): Promise<Finished> {
  const command = join(ROOT, 'infra', 'bin', 'countersign');
  return runProcess({ command, args: ['gate', ...args], cwd: folder });
}

/** With the rights of an administrator. */
function asAdmin(verb: string, ...args: readonly string[]): Promise<Finished> {
  return gate(verb, '--kubeconfig', admin, '--all', ...args);
}

describe('countersign gate, on a real kube-apiserver', () => {
  it("needs rights that Countersign's own identity has not", async () => {
    const done = await gate('apply', '--all');
    expect(done.code).toBe(2);
    expect(done.stdout).toContain('cluster-forbidden');
  });

  it('shows what there is not yet, and leaves it so', async () => {
    const diff = await asAdmin('diff');
    expect(diff.code).toBe(1);
    expect(diff.stdout).toContain('+    - Deny');
    expect(await asAdmin('apply', '--dry-run')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('created (dry run)'),
    });
    expect((await cluster.send({ method: 'GET', path: BINDING })).status).toBe(404);
  });

  it('applies, and then finds nothing to change', async () => {
    const applied = await asAdmin('apply');
    expect(applied).toMatchObject({ code: 0 });
    expect(applied.stdout).toMatch(/validatingadmissionpolicy\/countersign-gate +created/);
    expect((await cluster.send({ method: 'GET', path: BINDING })).status).toBe(200);
    expect(await asAdmin('diff')).toMatchObject({ code: 0, stdout: '' });
    expect((await asAdmin('apply')).stdout).not.toMatch(/created|configured/);
  });

  it('shows the change of a mode, line by line', async () => {
    const { code, stdout } = await asAdmin('diff', '--mode', 'warn');
    const changed = stdout.split('\n').filter((line) => /^[-+] /.test(line));
    expect({ code, changed }).toEqual({
      code: 1,
      changed: ['-    - Deny', '+    - Warn', '+    - Audit'],
    });
  });

  it('takes from another manager only what --force says', async () => {
    const body = { spec: { failurePolicy: 'Ignore' } };
    const type = 'application/merge-patch+json';
    const path = `${POLICY}?fieldManager=another`;
    expect((await cluster.send({ method: 'PATCH', path, type, body })).status).toBe(200);
    const refused = await asAdmin('apply');
    expect(refused.code).toBe(2);
    expect(refused.stdout).toContain('--force takes these fields');
    expect(await asAdmin('apply', '--force')).toMatchObject({ code: 0 });
    expect(await asAdmin('diff')).toMatchObject({ code: 0 });
  });
});
