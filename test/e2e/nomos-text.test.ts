import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createRSyncs } from '#shared/configsync/rsyncs.ts';
import { readRSync } from '#shared/configsync/read-rsync.ts';
import type { Fleet } from '#shared/fleet/fleet.ts';
import { createApiWorld } from '#test/fixtures/api-world.ts';
import { fc } from '#test/fixtures/fast-check.ts';
import { CRAFTED, type NomosObject, anyObject } from '#test/fixtures/nomos-objects.ts';
import { connectCluster } from './tools/connect-cluster.ts';
import { findTool } from '#infra/local/real/find-tool.ts';
import { type KubeApiserver, startKubeApiserver } from '#infra/local/real/kube-apiserver.ts';
import { TEST_TOOLS } from './tools/tool-box.ts';
import { runProcess } from './tools/process.ts';
import { type SyncCluster, pathOf, startSyncCluster, until } from './tools/sync-cluster.ts';

const List = z.object({ items: z.array(z.looseObject({})) });

const BINDINGS = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
const LOOKERS = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'lookers' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [
    { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'countersign@acme.example' },
  ],
};

interface NomosCluster {
  readonly name: string;
  readonly reachable: boolean;
  readonly objects: readonly unknown[];
}

/** What nomos would print (test/e2e/tools/nomos-double). */
async function nomos(...clusters: NomosCluster[]): Promise<string[]> {
  const { code, stdout, stderr } = await runProcess({
    command: findTool('nomos-double'),
    env: { TZ: 'UTC' },
    input: JSON.stringify(clusters),
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.split('\n');
}

/** Our text form without Countersign's two lines below each RSync, which must be there. */
async function ours(fleet: Partial<Fleet>, rsyncs: object = {}): Promise<string[]> {
  const world = createApiWorld();
  const read = createRSyncs({ onUnreadable: (_, problem) => expect.fail(problem) });
  const deps = { fleet: { ...world.deps.fleet, ...fleet }, rsyncs: { ...read, ...rsyncs } };
  const api = createApiWorld({}, deps);
  const answer = await api.get('/v1/fleet?live=true', 'text/plain');
  expect(answer.status).toBe(200);
  const lines = (await answer.text()).split('\n');
  const mine = lines.filter((text) => /^ {2}(?:Approved|Phase): /.test(text));
  expect(mine).toHaveLength(2 * lines.filter((text) => /^ {2}\S+:\S+ {3}/.test(text)).length);
  return lines.filter((text) => !mine.includes(text));
}

/** A fleet of clusters that are reached as the functions reach them. */
function fleetOf(connect: Readonly<Record<string, () => ReturnType<Fleet['connect']>>>) {
  const members = Object.keys(connect).map((name) => ({ name, id: name, labels: {} }));
  return {
    list: async () => ({ members, unreachable: [] }),
    connect: async ({ name }: { name: string }) => {
      const open = connect[name];
      if (open === undefined) throw new Error(`No cluster ${name}`);
      return open();
    },
  };
}

describe('the text form of objects on a real kube-apiserver', () => {
  let cluster: SyncCluster;
  let bare: KubeApiserver;
  let path: string;
  beforeAll(async () => {
    cluster = await startSyncCluster({ everybodyMay: true });
    bare = await startKubeApiserver({ tools: TEST_TOOLS });
    path = await cluster.kubeconfig('countersign@acme.example');
  });
  afterAll(async () => {
    await cluster?.close();
    await bare?.close();
  });

  async function list(): Promise<unknown[]> {
    const kinds = ['RootSync', 'RepoSync'].map(async (kind) => {
      const place = `/apis/configsync.gke.io/v1beta1/${kind.toLowerCase()}s`;
      const { body } = await cluster.send({ method: 'GET', path: place });
      // A list has its kind for all of its items.
      return List.parse(body).items.map((item) => ({ ...item, kind }));
    });
    return (await Promise.all(kinds)).flat();
  }

  it('says of a cluster without any what nomos says', async () => {
    const text = await ours(fleetOf({ real: () => connectCluster(path) }));
    expect(text).toEqual(await nomos({ name: 'real', reachable: true, objects: await list() }));
    expect(text.join('\n')).toContain('UNKNOWN');
  });

  // Beside these two words nomos prints what it failed to read; Countersign prints its own reason.
  it('names a cluster that refuses the look, and one without Config Sync', async () => {
    const kubeconfig = await bare.kubeconfig('countersign@acme.example');
    const read = () => ours(fleetOf({ real: () => connectCluster(kubeconfig) }));
    const line = '  --------------------';
    const forbidden = expect.stringMatching(/^ {2}ERROR {3}RBAC denies access: /);
    expect(await read()).toEqual(['', 'real', line, forbidden, '']);
    await bare.send({ method: 'POST', path: BINDINGS, body: LOOKERS });
    await until(async () => !(await read()).join('\n').includes('RBAC denies'));
    const absent = expect.stringMatching(/^ {2}NOT INSTALLED {3}\S/);
    expect(await read()).toEqual(['', 'real', line, absent, '']);
  });

  it('is nomos’ own, line by line and blank by blank', async () => {
    for (const { object, status } of CRAFTED) {
      await cluster.apply(object);
      const { metadata } = (await cluster.read(object)) ?? {};
      const body = { ...object, metadata, status };
      const answer = await cluster.send({ method: 'PUT', path: `${pathOf(object)}/status`, body });
      expect(answer.status).toBe(200);
    }
    const dead = { name: 'dead', reachable: false, objects: [] };
    const text = await ours(
      fleetOf({
        real: () => connectCluster(path),
        // Nothing listens there any more once its server is gone.
        dead: async () => {
          const gone = await bare.kubeconfig('countersign@acme.example');
          const api = connectCluster(gone);
          await bare.close();
          return api;
        },
      }),
    );
    expect(text).toEqual(
      await nomos(dead, { name: 'real', reachable: true, objects: await list() }),
    );
    for (const word of ['N/A   Failed', 'SYNCED @', 'PENDING', 'ERROR', 'STALLED', 'RECONCILING']) {
      expect(text.join('\n')).toContain(`  ${word}`);
    }
    expect(text.filter((row) => row.includes(':sync-'))).toHaveLength(CRAFTED.length);
  });
});

describe('the text form of any objects', () => {
  it.each([1, 2, 3])('is nomos’ own, sample %i', async (seed) => {
    const objects: NomosObject[] = fc.sample(anyObject, { numRuns: 300, seed });
    const named = objects.map((object, at) => ({
      ...object,
      metadata: { ...object.metadata, name: `sync-${at}`, uid: `uid-${at}` },
    }));
    const fleet = fleetOf({ real: async () => Object.create(null) });
    const text = await ours(fleet, { list: async () => named.map((one) => readRSync(one)) });
    expect(text).toEqual(await nomos({ name: 'real', reachable: true, objects: named }));
  });
});
