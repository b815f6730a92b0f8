import { describe, expect, it } from 'vitest';
import { createApiWorld, liveRSync } from '#test/fixtures/api-world.ts';
import { runCountersign as run } from '#test/fixtures/run-countersign.ts';

describe('countersign status', () => {
  it('prints what nomos does, and exits with 0 where all is well', async () => {
    const world = createApiWorld();
    await world.sweep();
    const { code, out } = await run(world, ['status', '-o', 'nomos']);
    expect(code).toBe(0);
    expect(out).toContain('cluster-3\n  --------------------\n  <root>:root-sync');
  });

  it('exits with 1 where something is not, and pages as JSON', async () => {
    const world = createApiWorld();
    world.clusters.cluster('cluster-2').down = 'cluster-unreachable';
    await world.sweep();
    const { code, out } = await run(world, ['status', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(out).clusters).toHaveLength(3);
  });

  it.each([
    [[], 1],
    [['--cluster', 'cluster-1'], 0],
    [['--live'], 1],
    [['--live', '--cluster', 'cluster-1'], 0],
  ])('reads clusters once, and exits for %j with %i', async (args, expected) => {
    const world = createApiWorld();
    world.clusters.cluster('cluster-2').down = 'cluster-unreachable';
    await world.sweep();
    const before = world.calls()['cluster-1'] ?? 0;
    const requests: Request[] = [];
    expect((await run(world, ['status', ...args], { requests })).code).toBe(expected);
    // What is frozen is asked for once, and costs no call.
    const paths = requests.map(({ url }) => new URL(url).pathname);
    expect(paths).toEqual(args.length === 0 ? ['/v1/overview'] : ['/v1/fleet', '/v1/freezes']);
    expect(world.calls()['cluster-1']).toBe(before + (args.includes('--live') ? 1 : 0));
  });

  it('reads every page', async () => {
    const syncs = Array.from({ length: 700 }, (_, at) =>
      liveRSync({ uid: `u${at}`, ref: { kind: 'RootSync', namespace: 'x', name: `s-${at}` } }),
    );
    const world = createApiWorld({ clusters: { 'cluster-1': syncs, 'cluster-2': syncs } });
    await world.sweep();
    const { out } = await run(world, ['status', '-o', 'nomos']);
    expect(out.match(/<root>:s-/g)).toHaveLength(1_400);
    expect((await run(world, ['status', '-o', 'name'])).out.split('\n')).toHaveLength(1_401);
  });

  it.each([
    [
      ['--sync', 'RootSync/root-sinc'],
      'There is no RootSync/root-sinc: did you mean RootSync/root-sync?',
    ],
    [
      ['--image', 'us-docker.pkg.dev/acme/configs/other'],
      'No RSync follows us-docker.pkg.dev/acme/configs/other',
    ],
  ])('says of %j that there is none, and exits with 1', async (args, said) => {
    const world = createApiWorld();
    await world.sweep();
    const { code, out } = await run(world, ['status', ...args]);
    expect(code).toBe(1);
    expect(out).toContain(said);
  });

  it('is no failure where nothing is in a phase', async () => {
    const world = createApiWorld();
    await world.sweep();
    const { code, out } = await run(world, ['status', '--phase', 'Failed']);
    expect({ code, out }).toEqual({ code: 0, out: 'Nothing of the fleet is like that\n' });
  });
});
