import { describe, expect, it } from 'vitest';
import { createApiWorld } from '#test/fixtures/api-world.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { HOUR } from '#test/fixtures/rollout.ts';
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

/** What the page has of roll-outs. */
function partOf(text: string): string | undefined {
  return /<section id="rollouts" data-live>([\s\S]*?)<\/section>/.exec(text)?.[1];
}

describe('the roll-outs of the page', () => {
  it('are those in motion, with their stages, a sentence and the way to more', async () => {
    const world = await createStagedApiWorld({ rows: { 'cluster-1': [moving()] } });
    const part = partOf(await page(world)) ?? '';
    for (const shown of [
      'platform:v1',
      '>rolling<',
      'canary',
      '0 of 1 live, 1 under way',
      'early <span class="quiet">(not open)</span>',
      '0 of 2 live, 2 waiting',
      '<rect class="wait" x="0.00" y="0" width="100.00" height="8"/>',
      'then soaks 1 h, then stage early',
      'href="/rollout?id=platform-v1-7-00000001"',
      'do=pause&amp;id=platform-v1-7-00000001',
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
    expect(part.match(/<h3>/g)).toHaveLength(6);
    expect(part).toContain('>lost<');
    expect(part).toContain('<a href="/rollouts">20 more</a>');
  });

  it('are no failure of the page where they cannot be read, and it says that they are missing', async () => {
    const world = await createStagedApiWorld();
    world.records.fail();
    const text = await page(world);
    expect(partOf(text)).toBe('');
    expect(text).toContain('roll-outs or freezes cannot be read');
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
    expect(partOf(await page(world))).toBe('');
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
    expect(text).toContain('4 RSyncs on 4 clusters: nothing is wrong, 3 Waiting');
    expect(text).toContain('class="state wait"');
    expect(text).toContain('<a class="tone wait" href="/fleet?phase=Waiting">3 Waiting</a>');
  });

  it('is counted beside what is wrong', async () => {
    const failed = { phase: 'Failed', digest: B, since: before(HOUR) } as const;
    const world = await createStagedApiWorld({
      rows: { ...rows, 'cluster-1': [moving({ record: failed })] },
    });
    expect(await page(world)).toContain('4 RSyncs on 4 clusters: 1 Failed</h1>');
  });

  it('is well to status, and found by its phase', async () => {
    const world = await createStagedApiWorld({ rows });
    for (const json of [[], ['--json']]) {
      expect((await run(world, ['status', ...json])).code).toBe(0);
    }
    expect((await world.get('/v1/fleet')).headers.get('countersign-unwell')).toBe('0');
    const { out } = await run(world, ['status', '--phase', 'Waiting', '-o', 'nomos']);
    expect(out.match(/Phase: Waiting, Waits for stage early/g)).toHaveLength(3);
  });
});
