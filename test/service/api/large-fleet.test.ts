import { describe, expect, it } from 'vitest';
import { FleetPage } from '#functions/api/fleet/operation.ts';
import type { ClusterRecord } from '#shared/store/store.ts';
import { A, createApiWorld } from '#test/fixtures/api-world.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';

const CLUSTERS = 1_000;
const SYNCS = 10;
const SINCE = '2026-11-22T05:00:00.000Z';

function record(at: number): ClusterRecord {
  return {
    cluster: `projects/p/locations/global/memberships/cluster-${String(at).padStart(4, '0')}`,
    phase: 'Reachable',
    since: SINCE,
    reconciledAt: SINCE,
    follows: ['us-docker.pkg.dev/acme/configs/platform'],
    syncs: Array.from({ length: SYNCS }, (_, sync) => ({
      sync: `RepoSync/team-${sync}/repo-sync`,
      uid: `uid-${at}-${sync}`,
      image: IMAGE,
      target: A,
      live: A,
      verdict: 'verified',
      approved: [A],
      record: { phase: at === 777 && sync === 7 ? 'Failed' : 'Synced', digest: A, since: SINCE },
      message: 'Live',
      errors: [],
      nomos: 'SYNCED',
    })),
  };
}

describe('GET /v1/fleet of ten thousand RSyncs', () => {
  it('answers from the snapshot, page by page, and asks no cluster', async () => {
    const world = createApiWorld();
    for (let at = 0; at < CLUSTERS; at += 1) await world.deps.store.writeCluster(record(at));
    const first = FleetPage.parse(await (await world.get('/v1/fleet')).json());
    expect(first.syncs).toHaveLength(100);
    expect(first.clusters).toHaveLength(10);

    let seen = 0;
    let pages = 0;
    for (let cursor = ''; ; pages += 1) {
      const answer = await world.get(`/v1/fleet?limit=1000${cursor}`);
      const { syncs, next } = FleetPage.parse(await answer.json());
      seen += syncs.length;
      if (next === undefined) break;
      cursor = `&cursor=${next}`;
    }
    expect(seen).toBe(CLUSTERS * SYNCS);
    expect(pages).toBe(9);

    const failed = FleetPage.parse(await (await world.get('/v1/fleet?phase=Failed')).json());
    expect(failed.syncs.map(({ cluster, sync }) => `${cluster.slice(-4)} ${sync}`)).toEqual([
      '0777 RepoSync/team-7/repo-sync',
    ]);
    expect(world.calls()).toEqual({ 'cluster-1': 0, 'cluster-2': 0, 'cluster-3': 0 });
  });

  it('reads the records of the few clusters that follow an image, or have a label, and no others', async () => {
    const world = createApiWorld({ labels: { 'cluster-1': { env: 'edge' } } });
    const { store } = world.deps;
    for (let at = 0; at < 100; at += 1) await store.writeCluster(record(at));
    const repository = 'us-docker.pkg.dev/acme/configs/rare';
    for (const at of [7, 40, 93]) {
      const one = record(at);
      const syncs = one.syncs.map((row) => ({ ...row, image: `${repository}:v1` }));
      await store.writeCluster({ ...one, follows: [repository], syncs });
    }
    await store.writeCluster({ ...record(0), cluster: 'cluster-1' });
    let read = 0;
    const counted = createApiWorld(
      { labels: { 'cluster-1': { env: 'edge' } } },
      {
        now: world.deps.now,
        store: {
          ...store,
          async listClusters(page) {
            const found = await store.listClusters(page);
            read += found.length;
            return found;
          },
          readCluster(name) {
            read += 1;
            return store.readCluster(name);
          },
        },
      },
    );
    const path = `/v1/fleet?image=${encodeURIComponent(repository)}&limit=20`;
    const first = FleetPage.parse(await (await counted.get(path)).json());
    expect(first.syncs).toHaveLength(20);
    const rest = FleetPage.parse(await (await counted.get(`${path}&cursor=${first.next}`)).json());
    expect(rest.syncs).toHaveLength(10);
    expect(rest.next).toBeUndefined();
    const seen = [...first.syncs, ...rest.syncs].map(({ cluster, sync }) => `${cluster} ${sync}`);
    expect(new Set(seen).size).toBe(30);
    expect(seen).toEqual(seen.toSorted());
    expect(read).toBeLessThanOrEqual(6);
    read = 0;
    const labelled = FleetPage.parse(await (await counted.get('/v1/fleet?labels=env=edge')).json());
    expect(new Set(labelled.syncs.map(({ cluster }) => cluster))).toEqual(new Set(['cluster-1']));
    expect(read).toBeLessThanOrEqual(1);
  });

  it('costs the gateway nothing to whom reloads the page all day, and the store little', async () => {
    const world = createApiWorld();
    for (let at = 0; at < CLUSTERS; at += 1) await world.deps.store.writeCluster(record(at));
    let records = 0;
    const { store } = world.deps;
    const counted = createApiWorld(
      {},
      {
        now: world.deps.now,
        store: {
          ...store,
          async listClusters(page) {
            const found = await store.listClusters(page);
            records += found.length;
            return found;
          },
        },
      },
    );
    for (let reload = 0; reload < 14; reload += 1) {
      const answer = await counted.get('/', 'text/html');
      expect(answer.status).toBe(200);
      const text = await answer.text();
      expect(text).toContain('10,000 RSyncs on 1,000 clusters: 1 Failed');
      world.pass(5_000);
    }
    expect(counted.calls()).toEqual({ 'cluster-1': 0, 'cluster-2': 0, 'cluster-3': 0 });
    // Seventy seconds, and no sweep that counts: three counts of the fleet.
    expect(records).toBeLessThanOrEqual(3 * CLUSTERS);
  });
});
