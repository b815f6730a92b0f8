import { describe, expect, it } from 'vitest';
import { B, C } from '#test/fixtures/digests.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { runCountersign as run } from '#test/fixtures/run-countersign.ts';
import { createStagedApiWorld, moved, moving, rollout } from '#test/fixtures/staged-api.ts';

describe('countersign rollout plan', () => {
  it('prints what is left of a roll-out, and exits with 0 where nothing stops it', async () => {
    const world = await createStagedApiWorld({ rows: { 'cluster-1': [moved()] } });
    const { code, out, err } = await run(world, ['rollout', 'plan', IMAGE]);
    expect([code, err]).toEqual([0, '']);
    const lines = out.split('\n');
    expect(lines[0]).toBe(`${IMAGE}  by strategy fleet`);
    expect(lines[1]).toContain('sha256:bbbbbbbbbbbb is under way, and ends in 1 h 4 min');
    expect(lines.slice(3)).toEqual([
      expect.stringMatching(/^STAGE +STATE +TO GO +LIVE +AT ONCE +OPENS +THEN$/),
      expect.stringMatching(/^canary +open +0 of 1 +1 +soaks 1 h$/),
      expect.stringMatching(/^early +ahead +2 of 2 +0 +2 +2026-11-22 .* 1 approval by lead@acme/),
      expect.stringMatching(/^rest +ahead +1 of 1 +0 +1 +2026-11-22/),
      '',
      'early in turn: cluster-2, cluster-3',
      'rest in turn: cluster-4',
      'way back: sha256:aaaaaaaaaaaa, still in the registry',
      '',
    ]);
  });

  it('plans another digest, and prints JSON', async () => {
    const world = await createStagedApiWorld();
    const { code, out } = await run(world, ['rollout', 'plan', `${IMAGE}@${C}`, '--json']);
    expect([code, JSON.parse(out)]).toMatchObject([0, { digest: C, start: 'now', clusters: 4 }]);
  });

  it('exits with 1 where something stops it', async () => {
    const at = { phase: 'Failed', digest: B, since: '2026-11-22T05:00:00Z' } as const;
    const failed = moving({ record: { ...at, failure: at } });
    const world = await createStagedApiWorld({ rows: { 'cluster-1': [failed] } });
    const { code, out } = await run(world, ['rollout', 'plan', IMAGE]);
    expect(code).toBe(1);
    expect(out).toContain('halts: more have failed than it allows');
  });

  it('exits with 2 where the image has no roll-out, or is several', async () => {
    const other = rollout({ id: 'r2', image: IMAGE.replace(':v1', ':v2') });
    const world = await createStagedApiWorld({ rollouts: [rollout(), other] });
    const none = await run(world, ['rollout', 'plan', 'registry.example/none:v1']);
    expect([none.code, none.err]).toEqual([2, expect.stringContaining('has no roll-out')]);
    const several = await run(world, ['rollout', 'plan', IMAGE.replace(':v1', '')]);
    expect([several.code, several.err]).toEqual([2, expect.stringContaining(':v1, ')]);
    expect((await run(world, ['rollout', 'plan', IMAGE])).code).toBe(0);
  });
});
