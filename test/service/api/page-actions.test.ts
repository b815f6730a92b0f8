import { describe, expect, it } from 'vitest';
import { VERIFIED } from '#test/fixtures/decision.ts';
import { B } from '#test/fixtures/digests.ts';
import { asPerson } from '#test/fixtures/people.ts';
import {
  type StagedApiWorld,
  createStagedApiWorld,
  moved,
  moving,
  rollout,
} from '#test/fixtures/staged-api.ts';

const ID = 'platform-v1-7-00000001';
const ROOT = 'RootSync/root-sync';

/** Sends the form twice: the dry run, and with its key the button that does it. */
async function act(
  world: StagedApiWorld,
  fields: Record<string, string>,
): Promise<{ readonly dry: string; readonly done: Response; readonly before: number }> {
  const send = (more: Record<string, string>): Promise<Response> =>
    world.request('/act', {
      method: 'POST',
      headers: { origin: 'http://127.0.0.1:8080' },
      body: new URLSearchParams({ ...fields, ...more }),
    });
  const dry = await (await send({ step: 'preview' })).text();
  const before = world.events.length;
  const [, key = ''] = /name="key" value="([^"]+)"/.exec(dry) ?? [];
  return { dry, before, done: await send({ step: 'confirm', key }) };
}

describe('on the page', () => {
  it.each([
    ['pause', {}, 'rolling', 'paused', '1 RSync on 1 cluster may get another digest next, or none'],
    [
      'resume',
      {},
      'paused',
      'rolling',
      '1 RSync on 1 cluster may get another digest next, or none',
    ],
    [
      'abort',
      {},
      'rolling',
      'aborted',
      '1 RSync on 1 cluster may get another digest next, or none',
    ],
    ['rollback', {}, 'rolling', 'rolling-back', 'may get another digest next, or none'],
  ] as const)('a person may %s a roll-out', async (name, fields, from, to, touched) => {
    const world = await createStagedApiWorld({
      rollouts: [rollout({ status: from, ...(from === 'paused' && { cause: 'person' }) })],
      rows: name === 'rollback' ? { 'cluster-1': [moved()] } : {},
    });
    const { dry, done, before } = await act(world, {
      do: name,
      id: ID,
      reason: 'INC-7',
      ...fields,
    });
    expect(dry).toContain(touched);
    expect(before).toBe(0);
    expect(done.status).toBe(303);
    expect((await world.recorded())?.status).toBe(to);
    expect(world.events.at(-1)?.data).toMatchObject({ actor: 'local', reason: 'INC-7' });
    const view = await (await world.get(done.headers.get('location') ?? '')).text();
    expect(view).toContain('Done: ');
    expect(view).toContain('INC-7');
  });

  it('an approver, who may do no more, approves a stage', async () => {
    const world = await createStagedApiWorld({
      rollouts: [rollout({ status: 'awaiting-approval', cause: 'approval', stage: 'early' })],
      deps: { checkPerson: asPerson('lead@acme.example') },
    });
    world.verdicts.set(B, VERIFIED);
    expect(await (await world.get(`/rollout?id=${ID}`)).text()).toContain(
      `do=approve&amp;id=${ID}`,
    );
    const { done } = await act(world, {
      do: 'approve',
      id: ID,
      stage: 'early',
      reason: 'Looks good',
    });
    expect(done.status).toBe(303);
    expect((await world.recorded())?.approvals).toMatchObject([{ by: 'lead@acme.example' }]);
  });

  it('who is no approver is refused, and nothing is recorded', async () => {
    const world = await createStagedApiWorld({
      rollouts: [rollout({ status: 'awaiting-approval', cause: 'approval', stage: 'early' })],
      deps: { checkPerson: asPerson('ops@acme.example', { mayInvoke: true }) },
    });
    world.verdicts.set(B, VERIFIED);
    const { dry, done } = await act(world, { do: 'approve', id: ID, stage: 'early', reason: 'Me' });
    expect(dry).toContain('does not name you among the approvers');
    expect(done.status).toBe(400);
    expect((await world.recorded())?.approvals).toEqual([]);
  });

  it('an overrider promotes, an invoker does not', async () => {
    const fields = { do: 'promote', id: ID, reason: 'CVE' };
    const invoker = await createStagedApiWorld({
      deps: { checkPerson: asPerson('ops@acme.example', { mayInvoke: true }) },
    });
    expect((await act(invoker, fields)).done.status).toBe(403);
    const overrider = await createStagedApiWorld({ rows: { 'cluster-1': [moving()] } });
    overrider.verdicts.set(B, VERIFIED);
    const { dry, done } = await act(overrider, fields);
    expect(dry).toContain('3 RSyncs on 3 clusters may get another digest next, or none');
    expect(done.status).toBe(303);
    expect((await overrider.recorded())?.stage).toBe('rest');
  });

  it('a freeze says what it is about, is set, and is lifted', async () => {
    const world = await createStagedApiWorld();
    const { dry, done } = await act(world, {
      do: 'freeze',
      clusters: 'ring = early',
      reason: 'INC-7',
    });
    expect(dry).toContain('All images in clusters with ring = early would wait');
    expect(dry).toContain('2 RSyncs on 2 clusters');
    expect(done.headers.get('location')).toBe('/freezes?done=freeze');
    const view = await (await world.get('/freezes')).text();
    const [, id = ''] = /do=unfreeze&amp;id=(f-[0-9a-f]{8})/.exec(view) ?? [];
    const lifted = await act(world, { do: 'unfreeze', id, reason: 'Over' });
    expect(lifted.done.status).toBe(303);
    expect(await (await world.get('/freezes')).text()).toContain('Nothing is frozen');
  });

  it('takes the time of a freeze for UTC, as its label says', async () => {
    const world = await createStagedApiWorld();
    await act(world, { do: 'freeze', until: '2027-01-01T12:00', reason: 'Holidays' });
    expect(await (await world.get('/v1/freezes')).json()).toMatchObject({
      freezes: [{ until: '2027-01-01T12:00:00.000Z' }],
    });
  });

  it('one RSync is held, and let go', async () => {
    const world = await createStagedApiWorld();
    const fields = { cluster: 'cluster-1', sync: ROOT, reason: 'INC-7' };
    const { dry, done } = await act(world, { do: 'hold', ...fields });
    expect(dry).toContain('1 RSync of cluster-1 would be held');
    expect(done.headers.get('location')).toBe(
      `/explain?cluster=cluster-1&sync=${encodeURIComponent(ROOT)}&done=hold`,
    );
    expect(world.tasks).toMatchObject([{ cluster: 'cluster-1', reason: 'resync' }]);
    const { dry: lift } = await act(world, { do: 'unhold', ...fields });
    expect(lift).toContain('1 RSync of cluster-1 would be held no more');
  });

  it('a reason is asked for', async () => {
    const world = await createStagedApiWorld();
    const { dry, done } = await act(world, { do: 'pause', id: ID });
    expect(dry).toContain('Not done');
    expect(done.status).toBe(400);
    expect((await world.recorded())?.status).toBe('rolling');
  });

  it('names what the config lacks', async () => {
    const world = await createStagedApiWorld({ rule: {} });
    const { dry } = await act(world, { do: 'rollback', id: 'platform-v1-9-00000009', reason: 'X' });
    expect(dry).toContain('No roll-out has this id any more');
  });
});
