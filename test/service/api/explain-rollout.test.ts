import { createMemoryFreezes } from '#test/fakes/memory-freezes.ts';
import { describe, expect, it } from 'vitest';
import { Explanation } from '#functions/api/explain/operation.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { VERIFIED } from '#test/fixtures/decision.ts';
import { MINUTE } from '#test/fixtures/rollout.ts';
import { IMAGE, buildRSync, liveStatus } from '#test/fixtures/rsync.ts';
import {
  type StagedApiWorld,
  before,
  createStagedApiWorld,
  moved,
  rollout,
} from '#test/fixtures/staged-api.ts';

const STEPS = ['stage', 'position', 'hold', 'freeze', 'window', 'approvers', 'limit'];

async function explain(world: StagedApiWorld, cluster: string): Promise<Explanation> {
  const answer = await world.get(`/v1/explain?cluster=${cluster}&sync=RootSync/root-sync`);
  expect(answer.status).toBe(200);
  return Explanation.parse(await answer.json());
}

/** B verifies, and its tag names it; the first cluster has it, and A is approved and live on the others. */
async function start(
  changes: Parameters<typeof rollout>[0] = {},
  rollouts = [rollout(changes)],
): Promise<StagedApiWorld> {
  const world = await createStagedApiWorld({ rollouts, rows: { 'cluster-1': [moved()] } });
  for (const name of ['cluster-2', 'cluster-3', 'cluster-4']) put(world, name);
  world.tags.set(IMAGE, B);
  world.verdicts.set(B, VERIFIED);
  return world;
}

function put(world: StagedApiWorld, cluster: string, hold?: string): void {
  const rsync = buildRSync({ status: liveStatus(A), annotations: { approved: A } });
  const annotations = { ...rsync.annotations, ...(hold !== undefined && { hold: { text: hold } }) };
  world.clusters.cluster(cluster).rsyncs.set('RootSync/root-sync', { ...rsync, annotations });
}

const soaking = { status: 'soaking', okSince: before(30 * MINUTE) } as const;

describe('GET /v1/explain of an RSync that is staged', () => {
  it('has what it waits for, between signatures and approval, by one call to its cluster', async () => {
    const world = await start(soaking);
    const { steps, conclusion, phase } = await explain(world, 'cluster-4');
    const names = steps.map(({ step }) => step as string);
    expect(names.slice(names.indexOf('signatures') + 1, names.indexOf('approval'))).toEqual(STEPS);
    expect(phase).toBe('Waiting');
    expect(conclusion).toBe('Waits for stage "rest": canary has soaked 30 min of 1 h');
    expect(world.calls()).toMatchObject({ 'cluster-4': 1 });
    const found = Object.fromEntries(steps.map(({ step, outcome }) => [step, outcome]));
    expect(found).toMatchObject({ stage: 'wait', position: 'wait', window: 'ok', limit: 'ok' });
  });

  it('names the tag by what it is in the registry, whatever is let in', async () => {
    const world = await start();
    const { steps } = await explain(world, 'cluster-4');
    const tag = steps.find(({ step }) => step === 'tag');
    expect(tag?.finding).toContain(`${IMAGE} is ${B} in the registry`);
    expect(steps.find(({ step }) => step === 'signatures')?.outcome).toBe('ok');
  });

  it('takes the RSync as it is now, and others as they were last seen', async () => {
    const world = await start(soaking);
    put(world, 'cluster-3', '{"a":1}');
    const { steps, conclusion } = await explain(world, 'cluster-3');
    expect(steps.find(({ step }) => step === 'hold')).toMatchObject({
      outcome: 'wait',
      // No detail of others' text is taken for a receipt.
      details: ['As it stands: {"a":1}'],
    });
    expect(conclusion).toBe('Waits: Held, by a text that cannot be read');
    const early = await explain(world, 'cluster-2');
    expect(early.steps.find(({ step }) => step === 'position')?.finding).toBe(
      'Place 1 of 2, by name',
    );
  });

  it('says that its record is awaited', async () => {
    const world = await start({}, []);
    const { steps, conclusion } = await explain(world, 'cluster-4');
    expect(steps.filter(({ step }) => STEPS.includes(step))).toHaveLength(1);
    expect(conclusion).toContain('Waits for the record of its roll-out');
  });

  it('has none of these steps where the image has no strategy', async () => {
    const gone = await createStagedApiWorld({
      deps: {
        staging: {
          strategies: { of: () => undefined },
          records: (await createStagedApiWorld()).records.open(),
          freezes: createMemoryFreezes().open(),
        },
      },
    });
    const { steps } = await explain(gone, 'cluster-4');
    expect(steps.filter(({ step }) => STEPS.includes(step))).toEqual([]);
  });

  it('is on the page as well', async () => {
    const world = await start(soaking);
    const page = await world.get('/explain?cluster=cluster-4&sync=RootSync/root-sync', 'text/html');
    expect(await page.text()).toContain('canary has soaked 30 min of 1 h');
  });
});
