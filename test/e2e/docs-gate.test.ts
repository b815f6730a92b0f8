import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import * as z from 'zod';
import { type Desk, openDesk } from '#test/docs/desk.ts';
import { repoSync, rootSync } from '#test/fixtures/rsync-manifests.ts';
import type { Finished } from './tools/process.ts';
import { startSyncCluster, type SyncCluster, until } from './tools/sync-cluster.ts';

const IDENTITY = 'countersign@PROJECT.iam.gserviceaccount.com';
const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
const POLICY = `${ADMISSION}/validatingadmissionpolicies/countersign-gate`;
const BINDING = `${ADMISSION}/validatingadmissionpolicybindings/countersign-gate`;
const ROLE = '/apis/rbac.authorization.k8s.io/v1/clusterroles/countersign';
const APPROVED = { 'countersign.dev/approved': `sha256:${'a'.repeat(64)}` };

const bindingSchema = z.object({ spec: z.object({ validationActions: z.array(z.string()) }) });

let cluster: SyncCluster;
let desk: Desk;
let env: { KUBECONFIG: string };

beforeAll(async () => {
  cluster = await startSyncCluster();
  desk = await openDesk();
  env = { KUBECONFIG: await cluster.kubeconfig('admin', ['system:masters']) };
  await copyFile(await cluster.kubeconfig(IDENTITY), join(desk.folder, 'kubeconfig'));
  await writeFile(join(desk.folder, 'countersign.yaml'), stringify(config()));
});
afterAll(async () => {
  await cluster?.close();
  await desk?.clear();
});

function config(): object {
  const names = ['tasks', 'sweepTasks', 'resyncTasks', 'status', 'deadLetters'];
  return {
    apiVersion: 'countersign.dev/v1',
    fleet: { kubeconfig: { path: './kubeconfig' } },
    images: [{ match: 'us-docker.pkg.dev/acme/configs/**', trust: 'open' }],
    trust: { open: { allowUnsigned: true } },
    topics: Object.fromEntries(names.map((name) => [name, `projects/p/topics/${name}`])),
    store: { sqlite: { path: './store.sqlite' } },
    gate: { identity: IDENTITY, breakGlass: [] },
  };
}

function run(id: string): Promise<Finished> {
  return desk.run(id, { env });
}

async function statusOf(path: string): Promise<number> {
  return (await cluster.send({ method: 'GET', path })).status;
}

async function actions(): Promise<readonly string[]> {
  const { body } = await cluster.send({ method: 'GET', path: BINDING });
  return bindingSchema.parse(body).spec.validationActions;
}

/** Whether the API server refuses an approval that another user writes. */
async function isGuarded(): Promise<boolean> {
  const forged = rootSync(APPROVED, undefined, 'forged');
  const path = `/apis/configsync.gke.io/v1beta1/namespaces/${forged.metadata.namespace}/rootsyncs?dryRun=All`;
  return (await cluster.send({ method: 'POST', path, body: forged })).status === 422;
}

describe('the way in', () => {
  it('begins with RBAC, and a preflight that finds nothing', async () => {
    expect(await desk.shell('kubectl apply -k infra/kubernetes/rbac/user', env)).toMatchObject({
      code: 0,
    });
    const found = await run('gate-preflight');
    expect(found.stdout).toContain(' countersign@PROJECT.iam.gserviceaccount.com');
    expect(found).toMatchObject({ code: 0 });
  });

  it('goes by warnings', async () => {
    expect(await run('gate-warn')).toMatchObject({ code: 0 });
    expect(await actions()).toEqual(['Warn', 'Audit']);
  });

  it('leads to a gate that refuses', async () => {
    expect(await run('upgrade-diff')).toMatchObject({ code: 1 });
    expect(await run('gate-deny')).toMatchObject({ code: 0 });
    expect(await actions()).toEqual(['Deny']);
    await until(isGuarded);
    // The difference that docs/upgrade.md looks at is none now.
    expect(await run('upgrade-diff')).toMatchObject({ code: 0, stdout: '' });
  });
});

describe('the way out', () => {
  it('takes the gate away first', async () => {
    expect(await run('gate-delete')).toMatchObject({ code: 0 });
    expect([await statusOf(POLICY), await statusOf(BINDING)]).toEqual([404, 404]);
    await until(async () => !(await isGuarded()));
  });

  it('may be begun twice, and without a webhook', async () => {
    expect(await run('uninstall-gate')).toMatchObject({ code: 0 });
    expect(await run('uninstall-webhook')).toMatchObject({ code: 0 });
  });

  it('leaves no permission and no annotation behind', async () => {
    for (const manifest of [rootSync(APPROVED), repoSync(APPROVED)]) await cluster.apply(manifest);
    expect(await run('uninstall-rbac')).toMatchObject({ code: 0 });
    expect(await statusOf(ROLE)).toBe(404);
    expect(await run('uninstall-annotations')).toMatchObject({ code: 0 });
    for (const manifest of [rootSync(), repoSync()]) {
      const live = await cluster.read(manifest);
      expect(live?.metadata['annotations'] ?? {}).not.toHaveProperty(['countersign.dev/approved']);
    }
  });
});
