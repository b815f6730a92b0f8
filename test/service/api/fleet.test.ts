import { describe, expect, it } from 'vitest';
import { FleetPage } from '#functions/api/fleet/operation.ts';
import { sourceError, liveStatus } from '#test/fixtures/rsync.ts';
import { A, ROOT, createApiWorld, liveRSync } from '#test/fixtures/api-world.ts';

async function page(answer: Response): Promise<FleetPage> {
  expect(answer.status).toBe(200);
  return FleetPage.parse(await answer.json());
}

describe('GET /v1/fleet', () => {
  it('answers the snapshot with its age, and asks no cluster', async () => {
    const world = createApiWorld();
    await world.sweep();
    world.pass(60_000);
    const calls = world.calls();
    const answer = await world.get('/v1/fleet');
    const { source, ageSeconds, clusters, syncs, next } = await page(answer);
    expect({ source, next }).toEqual({ source: 'snapshot', next: undefined });
    expect(ageSeconds).toBe(60);
    expect(answer.headers.get('age')).toBe('60');
    expect(clusters.map(({ cluster }) => cluster)).toEqual(['cluster-1', 'cluster-2', 'cluster-3']);
    expect(syncs[0]).toMatchObject({
      cluster: 'cluster-1',
      sync: ROOT,
      nomos: 'SYNCED',
      commit: 'a'.repeat(64),
      approved: [A],
      registryDigest: A,
      liveDigest: A,
      verdict: 'verified',
      phase: 'Synced',
      errors: [],
    });
    expect(world.calls()).toEqual(calls);
  });

  it.each([
    ['image=us-docker.pkg.dev/acme/configs/platform', 3],
    ['image=us-docker.pkg.dev/acme/configs/platform:v1', 3],
    ['image=us-docker.pkg.dev/acme/configs/platform:v2', 0],
    ['image=us-docker.pkg.dev/acme/configs/other', 0],
    ['cluster=cluster-2', 1],
    [`sync=${ROOT}`, 3],
    ['sync=RepoSync/a/b', 0],
    ['phase=Synced', 3],
    ['phase=Failed', 0],
    ['phase=Reachable', 3],
    ['phase=Unreachable', 0],
    ['phase=Synced&cluster=cluster-1&image=us-docker.pkg.dev/acme/configs/platform', 1],
  ])('finds by %s', async (query, count) => {
    const world = createApiWorld();
    await world.sweep();
    const { syncs } = await page(await world.get(`/v1/fleet?${query}`));
    expect(syncs).toHaveLength(count);
  });

  it('lists clusters that have nothing to show, and why', async () => {
    const world = createApiWorld();
    world.clusters.cluster('cluster-2').down = 'cluster-unreachable';
    world.clusters.cluster('cluster-3').down = 'no-config-sync';
    await world.sweep();
    const { clusters } = await page(await world.get('/v1/fleet'));
    expect(clusters.map(({ phase }) => phase)).toEqual([
      'Reachable',
      'Unreachable',
      'NoConfigSync',
    ]);
    const { clusters: dead } = await page(await world.get('/v1/fleet?phase=Unreachable'));
    expect(dead.map(({ cluster }) => cluster)).toEqual(['cluster-2']);
  });

  it.each([1, 2, 3, 4, 7, 100])('pages by %i without losing or repeating one', async (limit) => {
    const syncs = Array.from({ length: 3 }, (_, at) =>
      liveRSync({ uid: `u${at}`, ref: { kind: 'RootSync', namespace: 'x', name: `sync-${at}` } }),
    );
    const world = createApiWorld({
      clusters: { 'cluster-1': syncs, 'cluster-2': [], 'cluster-3': syncs.slice(0, 2) },
    });
    await world.sweep();
    const seen: string[] = [];
    const clusters = new Set<string>();
    let path: string | undefined = `/v1/fleet?limit=${limit}`;
    for (let pages = 0; path !== undefined && pages < 10; pages += 1) {
      const answer: Response = await world.get(path);
      const link: string | null = answer.headers.get('link');
      const { syncs: some, clusters: of } = await page(answer);
      expect(some.length).toBeLessThanOrEqual(limit);
      seen.push(...some.map(({ cluster, sync }) => `${cluster}/${sync}`));
      for (const { cluster } of of) clusters.add(cluster);
      path = link === null ? undefined : /^<([^>]+)>; rel="next"$/.exec(link)?.[1];
    }
    expect(seen).toEqual([
      ...[0, 1, 2].map((at) => `cluster-1/RootSync/sync-${at}`),
      ...[0, 1].map((at) => `cluster-3/RootSync/sync-${at}`),
    ]);
    expect([...clusters]).toEqual(['cluster-1', 'cluster-2', 'cluster-3']);
  });

  it.each([
    'cursor=x',
    'cursor=!',
    `cursor=${Buffer.from('["a","b","c"]').toString('base64url')}`,
    `cursor=${'a'.repeat(2_049)}`,
    'limit=0',
    'limit=1001',
    'limit=-1',
    'limit=1e3',
    'phase=synced',
    'live=yes',
    'sync=Root',
    'image=UPPER/case',
    'image=',
    `cluster=${'c'.repeat(513)}`,
    'clusters=cluster-1',
    'cluster=a&cluster=b',
  ])('refuses %s with a problem document', async (query) => {
    const answer = await createApiWorld().get(`/v1/fleet?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({ status: 400, type: 'about:blank' });
  });

  it('does not know a cluster that is no member', async () => {
    const answer = await createApiWorld().get('/v1/fleet?cluster=nobody');
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ code: 'cluster-not-found' });
  });

  it('prints what nomos prints, with the approval', async () => {
    const denied = sourceError(liveStatus(A), A, '2002');
    const condition = { status: 'False', reason: 'Source', message: '', errorCount: 1 } as const;
    const syncing = { ...condition, errorSources: ['source'] } as const;
    const rsync = liveRSync({ status: { ...denied, syncing } });
    const world = createApiWorld({ clusters: { 'cluster-1': [rsync] } });
    await world.sweep();
    const answer = await world.get('/v1/fleet', 'text/plain');
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    const image = 'us-docker.pkg.dev/acme/configs/platform:v1';
    expect((await answer.text()).split('\n')).toEqual([
      '',
      'cluster-1',
      '  --------------------',
      `  <root>:root-sync   ${image}   `,
      `  ERROR                 ${' '.repeat(image.length)}`,
      '  TotalErrorCount: 1',
      '  Error:   KNV2002: denied   ',
      `  Approved: ${A}`,
      '  Phase: Approved, Approved; Config Sync retries',
      '',
    ]);
  });
});

describe('GET /v1/fleet?live=true', () => {
  it('shows what is there now, not what was', async () => {
    const world = createApiWorld();
    const cluster = world.clusters.cluster('cluster-1');
    await world.sweep();
    cluster.rsyncs.set(ROOT, liveRSync({ annotations: { approved: '' } }));
    const { source, syncs } = await page(await world.get('/v1/fleet?live=true&cluster=cluster-1'));
    expect(source).toBe('live');
    expect(syncs[0]).toMatchObject({ approved: [], registryDigest: A });
    expect(cluster.calls.filter((verb) => verb === 'patch')).toHaveLength(1);
  });

  it('reads one RSync by one call', async () => {
    const world = createApiWorld();
    await world.get(`/v1/fleet?live=true&cluster=cluster-1&sync=${ROOT}`);
    expect(world.clusters.cluster('cluster-1').calls).toEqual(['get']);
  });

  it('asks fifty clusters and no more, and says where to go on', async () => {
    const name = (at: number) => `cluster-${String(at).padStart(3, '0')}`;
    const clusters = Object.fromEntries(
      Array.from({ length: 60 }, (_, at) => [name(at), [liveRSync()]]),
    );
    const world = createApiWorld({ clusters });
    const first = await page(await world.get('/v1/fleet?live=true'));
    expect(first.clusters).toHaveLength(50);
    expect(Object.values(world.calls()).filter((calls) => calls > 0)).toHaveLength(50);
    const second = await page(await world.get(`/v1/fleet?live=true&cursor=${first.next}`));
    expect(second.clusters.map(({ cluster }) => cluster)).toEqual(
      Array.from({ length: 10 }, (_, at) => name(50 + at)),
    );
    expect(second.next).toBeUndefined();
  });
});
