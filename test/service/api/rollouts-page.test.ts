import { describe, expect, it } from 'vitest';
import { createApiWorld } from '#test/fixtures/api-world.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { HOUR } from '#test/fixtures/rollout.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { runCountersign as run } from '#test/fixtures/run-countersign.ts';
import { row } from '#test/fixtures/staged-rows.ts';
import {
  type StagedApiWorld,
  before,
  createStagedApiWorld,
  moved,
  moving,
  rollout,
} from '#test/fixtures/staged-api.ts';

const EVIL = `"><script>alert(1)</script>`;
const WAITING = { phase: 'Waiting', digest: B, since: before(HOUR) } as const;

async function page(world: Pick<StagedApiWorld, 'get'>): Promise<string> {
  const answer = await world.get('/', 'text/html');
  expect(answer.status).toBe(200);
  return answer.text();
}

/** What the page has of roll-outs; undefined where it has no such part. */
function partOf(text: string): string | undefined {
  return /<div id="rollouts" data-live>([\s\S]*?)<\/div>/.exec(text)?.[1];
}

describe('the roll-outs of the page', () => {
  it('are those in motion, with their stages, a sentence and the way to more', async () => {
    const world = await createStagedApiWorld({ rows: { 'cluster-1': [moving()] } });
    const part = partOf(await page(world)) ?? '';
    for (const shown of [
      IMAGE,
      '>rolling<',
      'canary: 0 of 1 live, 1 under way',
      'early (not open): 0 of 2 live, 2 waiting',
      'then soaks 1 h, then stage early',
      'href="/v1/rollouts/platform-v1-7-00000001"',
      'npx countersign rollout show platform-v1-7-00000001',
    ]) {
      expect(part).toContain(shown);
    }
    expect(Object.values(world.calls())).toEqual([0, 0, 0, 0]);
  });

  it.each(['completed', 'rolled-back', 'retired'] as const)(
    'are none that is %s',
    async (status) => {
      const world = await createStagedApiWorld({ rollouts: [rollout({ status })] });
      expect(partOf(await page(world))).toBe('');
    },
  );

  it.each(['paused', 'halted', 'aborted'] as const)('are those that are %s', async (status) => {
    const world = await createStagedApiWorld({ rollouts: [rollout({ status })] });
    expect(partOf(await page(world))).toContain(`>${status}<`);
  });

  it('are as many as there is room for, and those whose record is lost', async () => {
    const many = Array.from({ length: 25 }, (_, at) =>
      rollout({ id: `r${at}`, image: `us-docker.pkg.dev/acme/configs/x-${at}:v1` }),
    );
    const world = await createStagedApiWorld({ rollouts: many });
    world.records.images.add('us-docker.pkg.dev/acme/configs/a:v1');
    const part = partOf(await page(world)) ?? '';
    expect(part.match(/<li /g)).toHaveLength(20);
    expect(part).toContain('>lost<');
    expect(part).toContain('And 6 more');
  });

  it('are read once for all who look, and their failure is no failure of the page', async () => {
    const world = await createStagedApiWorld();
    await page(world);
    world.records.fail();
    expect(partOf(await page(world))).toContain(IMAGE);
    world.pass(HOUR);
    const text = await page(world);
    expect(partOf(text)).toContain('store-unavailable');
    expect(text).toContain('4 RSyncs on 4 clusters');
  });

  it('escape what others wrote', async () => {
    const history = [{ at: before(HOUR), by: EVIL, did: 'pause', reason: EVIL }];
    const world = await createStagedApiWorld({
      rollouts: [
        rollout({
          id: EVIL,
          stage: EVIL,
          digest: EVIL,
          status: 'paused',
          cause: 'person',
          history,
        }),
      ],
    });
    const text = await page(world);
    expect(text).not.toContain('<script>');
    expect(text).toContain('&lt;script&gt;');
  });

  it('are not there at all where the config names no records', async () => {
    const world = createApiWorld();
    await world.sweep();
    expect(partOf(await page(world))).toBeUndefined();
  });
});

describe('an RSync that waits for its stage', () => {
  const rows = {
    'cluster-1': [moved()],
    ...Object.fromEntries(
      ['cluster-2', 'cluster-3', 'cluster-4'].map((name) => [
        name,
        [row({ target: B, live: A, record: WAITING, message: 'Waits for stage early' })],
      ]),
    ),
  };

  it('is no failure in the headline, which counts it', async () => {
    const text = await page(await createStagedApiWorld({ rows }));
    expect(text).toContain('4 RSyncs on 4 clusters: all is well, 3 Waiting');
    expect(text).toContain('class="health wait"');
    expect(text).toContain('<span class="phase wait">Waiting</span>');
  });

  it('is counted beside what is wrong', async () => {
    const failed = { phase: 'Failed', digest: B, since: before(HOUR) } as const;
    const world = await createStagedApiWorld({
      rows: { ...rows, 'cluster-1': [moving({ record: failed })] },
    });
    expect(await page(world)).toContain('4 RSyncs on 4 clusters: 1 Failed, 3 Waiting');
  });

  it('is well to status, and found by its phase', async () => {
    const world = await createStagedApiWorld({ rows });
    for (const json of [[], ['--json']]) {
      expect((await run(world, ['status', ...json])).code).toBe(0);
    }
    expect((await world.get('/v1/fleet')).headers.get('countersign-unwell')).toBe('0');
    const { out } = await run(world, ['status', '--phase', 'Waiting']);
    expect(out.match(/Phase: Waiting, Waits for stage early/g)).toHaveLength(3);
  });
});
