import { describe, expect, it } from 'vitest';
import { Overview } from '#functions/api/overview/operation.ts';
import { UNSIGNED } from '#test/fixtures/decision.ts';
import { A, ROOT, type ApiWorld, createApiWorld, liveRSync } from '#test/fixtures/api-world.ts';
import { IMAGE, buildRSync } from '#test/fixtures/rsync.ts';
import { HOUR } from '#test/fixtures/rollout.ts';
import { createStagedApiWorld, rollout } from '#test/fixtures/staged-api.ts';
import { cluster, liveRow, rowIn, tallyOf } from '#test/fixtures/tally.ts';

async function overview(world: Pick<ApiWorld, 'get'>): Promise<Overview> {
  const answer = await world.get('/v1/overview');
  expect(answer.status).toBe(200);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  return Overview.parse(await answer.json());
}

describe('GET /v1/overview', () => {
  it('says that all is well, since when and as of when, without a call to a cluster', async () => {
    const world = createApiWorld();
    await world.sweep();
    const calls = world.calls();
    const { needs, ...said } = await overview(world);
    expect(said).toMatchObject({
      state: 'well',
      sentence: '3 RSyncs on 3 clusters: all is well',
      asOf: world.deps.now().toISOString(),
      clusters: 3,
      syncs: 3,
      unwell: 0,
      phases: { Synced: 3, Reachable: 3 },
      images: [{ image: IMAGE, digest: A, verdict: 'verified', syncs: 3, clusters: 3 }],
    });
    expect(said.since).toBeDefined();
    expect(needs).toEqual([]);
    expect(world.calls()).toEqual(calls);
  });

  it('says that a fleet is empty', async () => {
    expect(await overview(createApiWorld({ clusters: {} }))).toMatchObject({
      state: 'empty',
      clusters: 0,
      needs: [],
    });
  });

  it('names what needs a person, the worst first, with what to do', async () => {
    const world = createApiWorld();
    world.clusters.cluster('cluster-3').down = 'cluster-unreachable';
    world.clusters.cluster('cluster-2').rsyncs.set(ROOT, buildRSync());
    world.verdicts.set(A, UNSIGNED);
    await world.sweep();
    const { state, sentence, needs } = await overview(world);
    expect(state).toBe('unwell');
    expect(sentence).toContain('1 Unguarded, 1 Unreachable. First: 1 RSync on 1 cluster runs');
    expect(needs.map(({ kind, severity }) => [kind, severity])).toEqual([
      ['unguarded', 'emergency'],
      ['unreachable', 'error'],
      ['unsigned', 'waiting'],
    ]);
    expect(needs[0]).toMatchObject({
      syncs: 1,
      clusters: 1,
      running: A,
      examples: [{ cluster: 'cluster-1', sync: ROOT }],
      waitsFor: 'an operator',
      command: `countersign explain cluster-1 ${ROOT}`,
      runbook: 'docs/runbook.md#sync-unguarded',
    });
    expect(needs[2]?.command).toBe(`countersign verify ${IMAGE}`);
  });

  it('names no command that a cluster could have written', async () => {
    const name = 'c; rm -rf ~';
    const world = createApiWorld({ clusters: { [name]: [liveRSync()] } });
    await world.deps.store.writeCluster(cluster(name, [rowIn('Failed')]));
    expect((await overview(world)).needs[0]?.command).toBe(
      `countersign explain 'c; rm -rf ~' ${ROOT}`,
    );
  });

  it('reads a large fleet from the count of the sweep, and no record of a cluster', async () => {
    const world = createApiWorld();
    const many = Array.from({ length: 501 }, (_, at) => cluster(`c${at}`, [liveRow()]));
    await world.deps.store.writeNote('tally', 'fleet', tallyOf(many));
    let lists = 0;
    const { store } = world.deps;
    const counted = createApiWorld(
      {},
      {
        now: world.deps.now,
        store: {
          ...store,
          listClusters: (page) => {
            lists += 1;
            return store.listClusters(page);
          },
        },
      },
    );
    expect(await overview(counted)).toMatchObject({ clusters: 501, state: 'well' });
    expect(lists).toBe(0);
  });

  it('counts a small fleet as it is, whatever a sweep has noted', async () => {
    const world = createApiWorld();
    await world.sweep();
    const note = tallyOf([cluster('c', [rowIn('Failed')])]);
    await world.deps.store.writeNote('tally', 'fleet', note);
    expect(await overview(world)).toMatchObject({ clusters: 3, state: 'well' });
  });

  it('does not take an old count for a well fleet', async () => {
    const world = createApiWorld();
    await world.sweep();
    const startedAt = world.deps.now().toISOString();
    await world.deps.store.writeNote('sweep', 'fleet', { startedAt, tasked: {} });
    expect((await overview(world)).state).toBe('well');
    world.pass(5 * 60_000);
    const { state, needs } = await overview(world);
    expect(state).toBe('unknown');
    expect(needs).toMatchObject([
      { kind: 'sweep-silent', severity: 'error', runbook: 'docs/runbook.md#sweep-is-silent' },
    ]);
  });

  it('has what roll-outs and freezes wait for a person for', async () => {
    const world = await createStagedApiWorld({
      rollouts: [rollout({ status: 'awaiting-approval', cause: 'approval', stage: 'early' })],
    });
    await world.post('/v1/freezes', { reason: 'INC-7' });
    const { state, needs } = await overview(world);
    expect(state).toBe('waiting');
    expect(needs).toMatchObject([
      {
        kind: 'rollout-approval',
        severity: 'waiting',
        waitsFor: 'lead@acme.example',
        command: 'countersign rollout approve platform-v1-7-00000001 --stage early --reason "…"',
      },
      { kind: 'freeze', waitsFor: 'local', detail: 'local: INC-7' },
    ]);
  });

  it("has an image's stages in the order of its strategy", async () => {
    const staged = (stage: string) => [liveRow({ staged: { image: IMAGE, stage } })];
    const world = await createStagedApiWorld({
      rows: {
        'cluster-1': staged('gone'),
        'cluster-2': staged('rest'),
        'cluster-3': staged('early'),
        'cluster-4': staged('canary'),
      },
    });
    const [image] = (await overview(world)).images;
    expect(image?.stages.map(({ stage }) => stage)).toEqual(['canary', 'early', 'rest', 'gone']);
  });

  it('is unwell where a roll-out is halted', async () => {
    const world = await createStagedApiWorld({
      rollouts: [rollout({ status: 'halted', cause: 'failures' })],
    });
    const { state, sentence } = await overview(world);
    expect(state).toBe('unwell');
    expect(sentence).toContain('is halted in stage canary (failures)');
  });

  it('shows the fleet where records cannot be read, and says that it is partial', async () => {
    const world = await createStagedApiWorld();
    world.records.fail();
    world.pass(HOUR);
    expect(await overview(world)).toMatchObject({ partial: true, syncs: 4 });
  });
});
