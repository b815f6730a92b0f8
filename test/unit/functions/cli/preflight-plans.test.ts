import { describe, expect, it } from 'vitest';
import { type FoundCluster, planImages } from '#functions/cli/preflight/plan-images.ts';
import { unpinnedSyncs } from '#functions/cli/preflight/problems.ts';
import { viewPlan } from '#functions/cli/screens/plan.ts';
import { viewPreflight } from '#functions/cli/screens/preflight.ts';
import { createImageRules } from '#shared/config/image-rules.ts';
import type { RSync } from '#shared/core/rsync.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { formatReference } from '#shared/core/reference.ts';
import { follow } from '#shared/reconcile/follow.ts';
import type { ImagePlan } from '#shared/rollouts/plan-image.ts';
import { RULE } from '#test/fixtures/decision.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { HOUR, NOW, hours, stage, strategy } from '#test/fixtures/rollout.ts';
import { linesOf } from '#test/fixtures/lines-of.ts';
import { IMAGE, buildRSync, liveStatus, ociSource } from '#test/fixtures/rsync.ts';

const STAGED: ImageRule = {
  ...RULE,
  match: 'us-docker.pkg.dev/acme/**',
  effect: 'pin',
  rollout: 'fleet',
};
const THREE = strategy({
  stages: [
    stage('canary', { soakMs: HOUR, approval: { approvers: ['lead@acme.example'], count: 1 } }),
    stage('early', { selects: ({ env }) => env === 'prod' }),
    stage('rest', { selects: () => true, signedBy: 'qa', windows: [hours(14, 15)] }),
  ],
});

interface Options {
  readonly images?: readonly ImageRule[];
  readonly present?: readonly string[];
  readonly hub?: boolean;
}

interface Planned {
  readonly plans: readonly ImagePlan[];
  readonly left: number;
  readonly asked: readonly string[];
}

async function plan(
  clusters: readonly (readonly [string, Record<string, string>, readonly RSync[] | undefined])[],
  { images = [STAGED], present = [A], hub = false }: Options = {},
): Promise<Planned> {
  const rules = createImageRules(images);
  const asked: string[] = [];
  const found = clusters.map(([name, labels, rsyncs]): FoundCluster => {
    const member = { name, id: name, labels };
    const followed = rsyncs?.flatMap((rsync) => follow(rsync, rules, labels) ?? []);
    return followed === undefined
      ? { member, unpinned: [] }
      : { member, followed, unpinned: unpinnedSyncs(followed, hub) };
  });
  const planned = await planImages(found, {
    images,
    rules,
    strategies: { of: ({ rollout }) => (rollout === undefined ? undefined : THREE) },
    callsPerMinute: 600,
    partial: false,
    now: () => NOW,
    async resolveNow(reference) {
      asked.push(formatReference(reference));
      const there = present.includes(reference.digest ?? '');
      return there
        ? { resolvedAt: '', fresh: true, image: { status: 'resolved', digest: A } }
        : {
            resolvedAt: '',
            fresh: true,
            image: { status: 'unusable', reason: 'digest-absent', message: '' },
          };
    },
  });
  return { ...planned, asked };
}

const live = (digest: typeof A, parts: Parameters<typeof buildRSync>[0] = {}): RSync =>
  buildRSync({ status: liveStatus(digest), annotations: { approved: digest }, ...parts });
const held = (): RSync => {
  const rsync = live(A);
  return { ...rsync, annotations: { ...rsync.annotations, hold: { text: '- ops why' } } };
};

describe('planImages()', () => {
  it('plans the next digest over the clusters that were read', async () => {
    const { plans, left, asked } = await plan([
      ['c1', { ring: 'canary', env: 'prod' }, [live(A)]],
      [
        'e1',
        { env: 'prod' },
        [live(A), buildRSync({ source: { type: 'other', sourceType: 'git' } })],
      ],
      ['r1', {}, [held()]],
      ['r2', {}, [live(A)]],
      ['r3', {}, []],
    ]);
    expect([plans.length, left]).toEqual([1, 0]);
    const [found] = plans;
    expect(found).toMatchObject({
      image: IMAGE,
      strategy: 'fleet',
      start: 'now',
      previous: A,
      wayBack: 'there',
      clusters: 3,
      overlaps: { count: 1, first: [{ cluster: 'c1', stages: ['canary', 'early'] }] },
      unpinned: { count: 0, first: [] },
    });
    expect(found?.digest).toBeUndefined();
    expect(found?.stages.map(({ members, size, held: on }) => [members, size, on])).toEqual([
      [1, 1, 0],
      [1, 1, 0],
      [3, 1, 1],
    ]);
    expect(asked).toEqual([`us-docker.pkg.dev/acme/configs/platform@${A}`]);
  });

  it('takes a cluster that was not read as out of reach', async () => {
    const [found] = (
      await plan([
        ['c1', { ring: 'canary' }, undefined],
        ['r1', {}, [live(A)]],
      ])
    ).plans;
    expect(found?.stages[0]).toMatchObject({ unreachable: 1, obstacle: 'unreachable' });
    expect(found?.start).toBe('adoption');
  });

  it('says that there is no way back, or none any more', async () => {
    const mixed = [
      ['c1', { ring: 'canary' }, [live(A)]],
      ['r1', {}, [live(B)]],
    ] as const;
    expect((await plan(mixed)).plans[0]).toMatchObject({ start: 'adoption', wayBack: 'none' });
    const one = [['c1', { ring: 'canary' }, [live(B)]]] as const;
    expect((await plan(one)).plans[0]).toMatchObject({ previous: B, wayBack: 'gone' });
  });

  it('names what cannot be pinned, the fleet’s own among it', async () => {
    const declared = live(A, { declared: true });
    const clusters = [
      ['c1', {}, [declared]],
      ['c2', {}, [live(A)]],
    ] as const;
    const root = { cluster: 'c1', sync: 'RootSync/root-sync', code: 'declared-by-parent' };
    expect((await plan(clusters)).plans[0]?.unpinned).toEqual({ count: 1, first: [root] });
    expect((await plan(clusters, { hub: true })).plans[0]?.unpinned?.count).toBe(2);
  });

  it('plans each image of an entry, those with most followers first, and an entry without any', async () => {
    const other = 'us-docker.pkg.dev/acme/teams/a:v1';
    const team = live(A, { source: ociSource(other) });
    const pinned = live(A, { source: ociSource(`us-docker.pkg.dev/acme/x@${A}`) });
    const idle = { ...STAGED, match: 'other.example/**' };
    const images = [STAGED, idle, { ...RULE, match: '**' }];
    const clusters = [
      ['c1', {}, [team, live(A), pinned]],
      ['c2', {}, [live(A), live(A, { source: ociSource('third.example/a:v1') })]],
    ] as const;
    const { plans } = await plan(clusters, { images });
    expect(plans.map(({ image, clusters: moved }) => [image, moved])).toEqual([
      [IMAGE, 2],
      [other, 1],
      ['other.example/**', 0],
    ]);
  });

  it('plans fifty images at the most', async () => {
    const many = Array.from({ length: 60 }, (_, at) =>
      live(A, { source: ociSource(`us-docker.pkg.dev/acme/i${at}:v1`) }),
    );
    const { plans, left, asked } = await plan([['c1', {}, many]]);
    expect([plans.length, left, asked.length]).toEqual([50, 10, 50]);
  });
});

describe('the screen of a plan', () => {
  it('has a line for the whole, for each stage, and for what is in the way', async () => {
    const declared = live(A, { declared: true });
    const { plans } = await plan([
      ['c1', { ring: 'canary', env: 'prod' }, [live(A)]],
      ['r1', {}, [declared]],
      ['r2', {}, [held()]],
    ]);
    const [found] = plans;
    if (found === undefined) throw new Error('One image is planned');
    const [image, when, , ...lines] = linesOf(viewPlan(found));
    expect(image).toBe(`${IMAGE}  by strategy fleet`);
    expect(when).toBe(
      'The next digest begins when it is pushed, and ends in 2 h 3 min at the earliest, 2026-11-23 14:03 UTC: 2 clusters, 34 calls',
    );
    expect(lines).toEqual([
      expect.stringMatching(/^STAGE/),
      expect.stringMatching(/^canary .* 1 of 1 .*soaks 1 h; 1 approval by lead@acme\.example$/),
      expect.stringMatching(/^early .*no cluster has its labels$/),
      expect.stringMatching(/^rest .* mon 2026-11-23 14:00 UTC +opens by trust policy qa$/),
      '',
      'canary in turn: c1',
      'rest in turn: r1',
      'way back: sha256:aaaaaaaaaaaa, still in the registry',
      'in the first of the stages that select it: c1 (canary, early)',
      'a pin cannot hold on: r1 RootSync/root-sync (declared-by-parent)',
    ]);
  });

  it('says what stops a stage, and that nothing follows', async () => {
    const [found] = (
      await plan([
        ['c1', { ring: 'canary' }, undefined],
        ['r1', {}, []],
      ])
    ).plans;
    if (found === undefined) throw new Error('One entry is planned');
    const text = linesOf(viewPlan(found)).join('\n');
    expect(text).toContain('does not end as things are');
    expect(text).toContain('canary stops: more are out of reach than it allows');
    expect(text).toContain('nothing there follows the image');
  });

  it('is in the report where there are roll-outs, and counts images that are left', async () => {
    const { plans } = await plan([['c1', {}, [live(A)]]]);
    const none = { clusters: [], unlisted: [] };
    expect(linesOf(viewPreflight(none))).toHaveLength(1);
    const lines = linesOf(viewPreflight({ ...none, rollouts: { plans, left: 2 } }));
    expect(lines.at(-1)).toBe('2 images more with a strategy, not planned');
    expect(lines).toContain(`${IMAGE}  by strategy fleet`);
  });
});
