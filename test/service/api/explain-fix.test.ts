import { describe, expect, it } from 'vitest';
import { Explanation } from '#functions/api/explain/operation.ts';
import { FreezeAnswer } from '#functions/api/freezes/operation.ts';
import { createSigningKey, keyPolicy } from '#test/fakes/cosign.ts';
import { type ApiWorld, createApiWorld, ROOT } from '#test/fixtures/api-world.ts';
import { UNSIGNED, UNTRUSTED, VERIFIED } from '#test/fixtures/decision.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { buildRSync, IMAGE, liveStatus } from '#test/fixtures/rsync.ts';
import { createStagedApiWorld, moved, rollout } from '#test/fixtures/staged-api.ts';

const POLICY = keyPolicy([createSigningKey()]);
const NAME = 'platform-v1-7-00000001';
const REPOSITORY = IMAGE.slice(0, IMAGE.lastIndexOf(':'));
const REASON = '--reason "…"';

async function fixOf(
  world: Pick<ApiWorld, 'get'>,
  cluster = 'cluster-1',
): Promise<Explanation['fix']> {
  const answer = await world.get(`/v1/explain?cluster=${cluster}&sync=${ROOT}`);
  return Explanation.parse(await answer.json()).fix;
}

function signed(): ApiWorld {
  const world = createApiWorld({}, { policies: new Map([[POLICY.name, POLICY]]) });
  world.tags.set(IMAGE, B);
  return world;
}

describe('the command that would help', () => {
  it.each([UNSIGNED, UNTRUSTED])('signs a digest that is %j', async (verdict) => {
    const world = signed();
    world.verdicts.set(B, verdict);
    expect(await fixOf(world)).toEqual({
      command: `cosign sign --key PRIVATE_KEY_OF_key-1 --tlog-upload=false --use-signing-config=false ${REPOSITORY}@${B}`,
      why: 'Signs it as policy "release" asks for',
    });
  });

  it('signs the index, and not its child', async () => {
    const world = signed();
    world.children.set(B, A);
    world.verdicts.set(A, UNSIGNED);
    expect((await fixOf(world))?.command).toContain(`@${B}`);
  });

  it('has what verifies, and is not approved yet, looked at', async () => {
    const world = signed();
    world.verdicts.set(B, VERIFIED);
    expect((await fixOf(world))?.command).toBe(
      `countersign resync --cluster cluster-1 --sync ${ROOT}`,
    );
  });

  it('is none where all is well, or the registry does not answer', async () => {
    const world = createApiWorld();
    await world.sweep();
    expect(await fixOf(world)).toBeUndefined();
    const other = signed();
    other.tags.delete(IMAGE);
    expect(await fixOf(other)).toBeUndefined();
  });

  it.each<[string, Parameters<typeof rollout>[0], string | undefined]>([
    ['goes on by itself', {}, undefined],
    [
      'waits for an approval',
      { status: 'awaiting-approval', cause: 'approval' },
      `countersign rollout approve ${NAME} --stage canary ${REASON}`,
    ],
    [
      'is paused',
      { status: 'paused', cause: 'person' },
      `countersign rollout resume ${NAME} ${REASON}`,
    ],
    ['is halted', { status: 'halted', cause: 'failures' }, `countersign rollout show ${NAME}`],
    [
      'is aborted',
      { status: 'aborted', cause: 'person' },
      `countersign rollout retry ${NAME} ${REASON}`,
    ],
  ])('of a roll-out that %s', async (_, changes, command) => {
    const world = await createStagedApiWorld({
      rollouts: [rollout(changes)],
      rows: { 'cluster-1': [moved()] },
    });
    world.tags.set(IMAGE, B);
    world.verdicts.set(B, VERIFIED);
    const rsync = buildRSync({ status: liveStatus(A), annotations: { approved: A } });
    world.clusters.cluster('cluster-4').rsyncs.set(ROOT, rsync);
    expect((await fixOf(world, 'cluster-4'))?.command).toBe(command);
    world.clusters.cluster('cluster-4').rsyncs.set(ROOT, {
      ...rsync,
      annotations: { ...rsync.annotations, hold: { text: 'until monday' } },
    });
    if (command !== undefined) return;
    expect((await fixOf(world, 'cluster-4'))?.command).toBe(
      `countersign unhold cluster-4 ${ROOT} ${REASON}`,
    );
  });

  it('lifts the freeze of a person', async () => {
    const world = await createStagedApiWorld({ rule: {} });
    world.tags.set(IMAGE, B);
    world.verdicts.set(B, VERIFIED);
    const rsync = buildRSync({ status: liveStatus(A), annotations: { approved: A } });
    world.clusters.cluster('cluster-1').rsyncs.set(ROOT, rsync);
    const asked = await world.post('/v1/freezes', { reason: 'INC-7' });
    const { freeze } = FreezeAnswer.parse(await asked.json());
    expect((await fixOf(world))?.command).toBe(`countersign unfreeze ${freeze.id} ${REASON}`);
  });
});
