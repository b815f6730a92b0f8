import { describe, expect, it } from 'vitest';
import { FleetPage } from '#functions/api/fleet/operation.ts';
import { parseReference } from '#shared/core/reference.ts';
import { publishUnchecked, publishVerdict } from '#shared/reconcile/publish-verdict.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import { A, type ApiWorld, B, ROOT, createApiWorld, liveRSync } from '#test/fixtures/api-world.ts';
import { POLICY, UNSIGNED, UNTRUSTED, VERIFIED } from '#test/fixtures/decision.ts';
import { IMAGE, annotationsOf } from '#test/fixtures/rsync.ts';
import { runCountersign } from '#test/fixtures/run-countersign.ts';

async function fleet(world: ApiWorld, query = ''): Promise<FleetPage> {
  return FleetPage.parse(await (await world.get(`/v1/fleet${query}`)).json());
}

async function text(world: ApiWorld, path: string, accept: string): Promise<string> {
  return (await world.get(path, accept)).text();
}

/** A push of `digest` under the tag that every cluster follows, as the function push reports it. */
async function pushed(world: ApiWorld, digest: typeof A, verdict: Verdict): Promise<void> {
  const readAt = world.deps.now().toISOString();
  const image = { status: 'resolved', digest } as const;
  const resolution = { resolvedAt: readAt, fresh: false, image };
  const judged = { reference: parseReference(IMAGE), resolution, policy: POLICY };
  await publishVerdict({ ...judged, verdict: { ...verdict, readAt } }, `m-${digest}`, world.deps);
}

describe('rows of a cluster that is out of reach', () => {
  async function cutOff(): Promise<ApiWorld> {
    const world = createApiWorld();
    await world.sweep();
    await world.sweep();
    world.clusters.cluster('cluster-2').down = 'cluster-unreachable';
    world.pass(60_000);
    await world.sweep();
    return world;
  }

  it('have no present phase, and say what was last seen and when', async () => {
    const world = await cutOff();
    const { syncs } = await fleet(world);
    const rows = Object.fromEntries(syncs.map((row) => [row.cluster, row]));
    expect(rows['cluster-1']).toMatchObject({ phase: 'Synced' });
    expect(rows['cluster-1']).not.toHaveProperty('lastPhase');
    expect(rows['cluster-2']).toMatchObject({ phase: 'Unknown', lastPhase: 'Synced' });
    expect(rows['cluster-2']?.ageSeconds).toBeGreaterThanOrEqual(60);
    expect(rows['cluster-2']?.readAt).toBeDefined();
  });

  it.each([
    ['Synced', ['cluster-1', 'cluster-3']],
    ['Unknown', ['cluster-2']],
  ])('are found by phase=%s as they are: %j', async (phase, clusters) => {
    const { syncs } = await fleet(await cutOff(), `?phase=${phase}`);
    expect(syncs.map(({ cluster }) => cluster)).toEqual(clusters);
  });

  it('are no more SYNCED in text and page', async () => {
    const world = await cutOff();
    const shown = await text(world, '/v1/fleet?cluster=cluster-2', 'text/plain');
    expect(shown).not.toContain('SYNCED');
    expect(shown).toMatch(/Phase: Unknown, Its cluster is Unreachable; last seen Synced/);
    expect(shown).toMatch(/\(read 1 min ago\)/);
    expect(await text(world, '/', 'text/html')).toContain('1 Unknown');
  });
});

describe('a verdict that was published since the last look', () => {
  it.each<[string, Verdict, string]>([
    ['unsigned', UNSIGNED, 'Pending'],
    ['untrusted', UNTRUSTED, 'Rejected'],
  ])('is in rows, headline and exit code at once: %s', async (_, verdict, phase) => {
    const world = createApiWorld();
    await world.sweep();
    await world.sweep();
    expect((await runCountersign(world, ['status'])).code).toBe(0);
    expect(await text(world, '/', 'text/html')).toContain('all is well');
    const before = world.calls();
    world.pass(3_000);
    await pushed(world, B, verdict);
    const { syncs } = await fleet(world);
    expect(syncs.map((row) => [row.phase, row.lastPhase])).toEqual(
      Array.from({ length: 3 }, () => [phase, 'Synced']),
    );
    expect(await text(world, '/', 'text/html')).toContain(`3 ${phase}`);
    const status = await runCountersign(world, ['status', '--json']);
    expect(status.code).toBe(1);
    expect(world.calls()).toEqual(before);
    world.pass(3_000);
    await pushed(world, A, VERIFIED);
    world.pass(3_000);
    expect((await runCountersign(world, ['status'])).code).toBe(0);
  });

  it('leaves no phase where the image could not be checked', async () => {
    const world = createApiWorld();
    await world.sweep();
    await world.sweep();
    world.pass(3_000);
    const failure = new CountersignError('registry-unavailable', 'Down');
    await publishUnchecked(parseReference(IMAGE), failure, 'm1', world.deps);
    const { syncs } = await fleet(world, '?cluster=cluster-1');
    expect(syncs).toMatchObject([{ phase: 'Unknown', lastPhase: 'Synced' }]);
  });
});

describe('an image that is live under break-glass', () => {
  it('is not well, though it is live', async () => {
    const rsync = liveRSync();
    const breakGlass = `${A} incident 42`;
    const world = createApiWorld({
      clusters: { 'cluster-1': [{ ...rsync, annotations: annotationsOf({ breakGlass }) }] },
    });
    world.verdicts.set(A, UNSIGNED);
    await world.sweep();
    const { syncs } = await fleet(world);
    expect(syncs).toMatchObject([{ sync: ROOT, phase: 'Synced', breakGlass }]);
    for (const args of [['status'], ['status', '--json']]) {
      expect((await runCountersign(world, args)).code).toBe(1);
    }
    expect(await text(world, '/', 'text/html')).toContain('1 under break-glass');
    expect(await text(world, '/v1/fleet', 'text/plain')).toContain('under break-glass');
  });
});
