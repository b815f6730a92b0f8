import { describe, expect, it } from 'vitest';
import { HoldPage } from '#functions/api/holds/operation.ts';
import { handleTask } from '#functions/cluster/handle-task.ts';
import { holdOfOrder } from '#shared/core/hold.ts';
import type { Orders } from '#shared/records/orders.ts';
import { eventIdOf } from '#shared/status/encode.ts';
import { A, B, ROOT, createApiWorld, liveRSync } from '#test/fixtures/api-world.ts';
import { OPS, ONE, TEXT, WHY, holdsWorld } from '#test/fixtures/holds-api.ts';
import { messageOf } from '#test/fixtures/push-world.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { runCountersign } from '#test/fixtures/run-countersign.ts';

describe('a hold by the API', () => {
  it('is published, recorded and written, in this order, and once', async () => {
    const world = await holdsWorld();
    const before = world.clusters.cluster('cluster-1').calls.length;
    const answer = await world.put(ONE, { ...WHY, until: '2026-12-01T08:00:00Z' });
    expect(answer.status).toBe(200);
    const until = '2026-12-01T08:00:00Z';
    expect(await answer.json()).toEqual({
      dryRun: false,
      cluster: 'cluster-1',
      syncs: [{ sync: ROOT }],
      asked: true,
    });
    expect(world.events.at(-1)).toMatchObject({
      type: 'rollout.held',
      data: {
        cluster: 'cluster-1',
        sync: ROOT,
        image: IMAGE,
        actor: OPS.name,
        reason: 'INC-7',
        until,
      },
    });
    const [order] = (await world.orders.read('cluster-1')).orders;
    expect(order && holdOfOrder(order)?.text).toBe(`${until} ops@acme.example INC-7`);
    expect(world.tasks).toEqual([
      { cluster: 'cluster-1', reason: 'resync', actor: OPS.name, id: order?.request },
    ]);
    // The function that people reach writes on no cluster.
    expect(world.clusters.cluster('cluster-1').calls.slice(before)).toEqual(['get']);
    world.tags.set(IMAGE, B);
    await world.work();
    expect(world.holdOf('cluster-1')).toBe(`${until} ops@acme.example INC-7`);
    const approved = world.clusters.cluster('cluster-1').rsyncs.get(ROOT)?.annotations.approved;
    expect(approved?.keys).toEqual([A]);
    const again = await world.put(ONE, { ...WHY, until });
    expect(await again.json()).toMatchObject({ syncs: [] });
    expect(world.events.filter(({ type }) => type === 'rollout.held')).toHaveLength(1);
    expect(world.tasks).toEqual([]);
  });

  it('is lifted, and what waited is approved', async () => {
    const world = await holdsWorld();
    await world.put(ONE, WHY);
    world.tags.set(IMAGE, B);
    await world.work();
    const answer = await world.lift(ONE);
    expect(await answer.json()).toMatchObject({ syncs: [{ sync: ROOT, before: TEXT }] });
    expect(world.events.at(-1)).toMatchObject({
      type: 'rollout.unheld',
      data: { cluster: 'cluster-1', sync: ROOT, actor: OPS.name, reason: 'over' },
    });
    await world.work();
    expect(world.holdOf('cluster-1')).toBeUndefined();
    const { rsyncs } = world.clusters.cluster('cluster-1');
    expect(rsyncs.get(ROOT)?.annotations.approved.keys[0]).toBe(B);
    expect(await (await world.lift(ONE)).json()).toMatchObject({ syncs: [] });
    expect(world.events.filter(({ type }) => type === 'rollout.unheld')).toHaveLength(1);
  });

  it('is lifted before it was written, also where another person set it', async () => {
    const world = await holdsWorld();
    world.annotate('cluster-1', '- owner@acme.example ours');
    await world.put(ONE, WHY);
    await world.lift(ONE);
    await world.work();
    expect(world.holdOf('cluster-1')).toBeUndefined();
    world.annotate('cluster-1', '- owner@acme.example later');
    world.pass(1_000);
    await handleTask(messageOf(world, { cluster: 'cluster-1', reason: 'push' }), world.deps);
    expect(world.holdOf('cluster-1')).toBe('- owner@acme.example later');
  });

  it('is of all RSyncs that a cluster has, and of those that were seen where it does not answer', async () => {
    const world = await holdsWorld();
    const { rsyncs } = world.clusters.cluster('cluster-1');
    const ref = { kind: 'RepoSync', namespace: 'shop', name: 'repo-sync' } as const;
    rsyncs.set('RepoSync/shop/repo-sync', liveRSync({ ref, uid: 'other' }));
    const all = await world.put('/v1/holds/cluster-1', WHY);
    expect(await all.json()).toMatchObject({
      asked: true,
      syncs: [{ sync: ROOT }, { sync: 'RepoSync/shop/repo-sync' }],
    });
    world.clusters.cluster('cluster-2').down = 'cluster-unreachable';
    const away = await world.put('/v1/holds/cluster-2', WHY);
    expect(await away.json()).toMatchObject({ asked: false, syncs: [{ sync: ROOT }] });
    expect(world.events.filter(({ type }) => type === 'rollout.held')).toHaveLength(3);
  });

  it('says in a dry run what would change, and changes nothing', async () => {
    const world = await holdsWorld();
    world.annotate('cluster-1', TEXT);
    const held = await world.put('/v1/holds/cluster-2', { ...WHY, dryRun: true });
    expect(await held.json()).toMatchObject({ dryRun: true, syncs: [{ sync: ROOT }] });
    const lifted = await world.lift(ONE, 'reason=over&dryRun=true');
    expect(await lifted.json()).toMatchObject({ dryRun: true, syncs: [{ before: TEXT }] });
    expect(world.events.filter(({ type }) => type.startsWith('rollout.'))).toEqual([]);
    expect(await world.orders.list()).toEqual([]);
    expect(world.tasks).toEqual([]);
  });

  it('has one id for a request that is sent again under its key, also by another instance', async () => {
    const [one, other] = [await holdsWorld(), await holdsWorld()];
    for (const world of [one, other]) await world.put(ONE, WHY, { 'idempotency-key': 'k' });
    const ids = [one, other]
      .map(({ events }) => events.at(-1))
      .map((event) => event && eventIdOf(event));
    expect(new Set(ids).size).toBe(1);
  });

  it('has one of its own for another request under the same key: what a look found done is not taken for it', async () => {
    const world = await holdsWorld();
    const key = { 'idempotency-key': 'k' };
    const requests = async () => (await world.orders.read('cluster-1')).orders[0]?.request;
    await world.put(ONE, WHY, key);
    const held = await requests();
    await world.lift(ONE, 'reason=INC-7', key);
    const lifted = await requests();
    await world.put(ONE, { reason: 'INC-8' }, key);
    expect(new Set([held, lifted, await requests()]).size).toBe(3);
  });

  it('is settled by no look from before it, though a key comes again', async () => {
    const world = await holdsWorld();
    const key = { 'idempotency-key': 'k' };
    world.annotate('cluster-1', TEXT);
    await world.lift(ONE, 'reason=INC-7', key);
    await world.work();
    await world.settle();
    expect(await world.orders.list()).toEqual([]);
    world.clusters.cluster('cluster-1').down = 'cluster-unreachable';
    await world.put(ONE, WHY, key);
    await world.settle();
    expect((await world.orders.read('cluster-1')).orders).toMatchObject([{ does: 'hold' }]);
  });

  it.each([
    ['half of a pair', 'INC\ud800 7', '- ops@acme.example INC\ufffd 7'],
    ['a sequence for terminals', '\u001b[2JINC-7', '- ops@acme.example \ufffd[2JINC-7'],
  ])('is written as one line that reads as it was written, with %s', async (_, reason, text) => {
    const world = await holdsWorld();
    expect((await world.put(ONE, { reason })).status).toBe(200);
    const [order] = (await world.orders.read('cluster-1')).orders;
    expect(order && holdOfOrder(order)?.text).toBe(text);
  });

  it('is decided anew where another was faster, and gives up in the end', async () => {
    const world = await holdsWorld();
    const orders = { ...world.orders };
    let others = 0;
    Object.assign(world.orders, {
      replace: async (...args: Parameters<Orders['replace']>) =>
        (others += 1) > 2 && orders.replace(...args),
    });
    expect((await world.put(ONE, WHY)).status).toBe(200);
    expect(new Set(world.events.slice(-3).map(eventIdOf)).size).toBe(1);
    Object.assign(world.orders, { replace: async () => false });
    expect((await world.lift(ONE)).status).toBe(503);
    expect(world.tasks).toHaveLength(1);
  });

  it.each<[string, number, string, unknown]>([
    ['no reason', 400, 'bad-request', {}],
    ['an empty reason', 400, 'bad-request', { reason: ' ' }],
    ['a key that is none', 400, 'bad-request', { ...WHY, untill: '2026-12-01T08:00:00Z' }],
    ['a time that is over', 400, 'bad-request', { ...WHY, until: '2026-01-01T00:00:00Z' }],
    ['no time', 400, 'bad-request', { ...WHY, until: 'tomorrow' }],
    ['more than a hold has room for', 400, 'bad-request', { reason: 'x'.repeat(500) }],
  ])('is refused with %s', async (_, status, code, body) => {
    const world = await holdsWorld();
    const answer = await world.put(ONE, body);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ code });
    expect(await world.orders.list()).toEqual([]);
    expect(world.types()).not.toContain('rollout.held');
  });

  it.each([
    ['/v1/holds/nobody', 404, 'cluster-not-found'],
    [`/v1/holds/cluster-1/${encodeURIComponent('RootSync/nobody')}`, 404, 'not-found'],
    ['/v1/holds/cluster-1/root-sync', 400, 'bad-request'],
  ])('is refused where there is no such thing: %s', async (path, status, code) => {
    const world = await holdsWorld();
    for (const answer of [await world.put(path, WHY), await world.lift(path)]) {
      expect(answer.status).toBe(status);
      expect(await answer.json()).toMatchObject({ code });
    }
  });

  it('is for invokers, from the same site', async () => {
    const viewer = await holdsWorld({ name: 'dev@acme.example', mayInvoke: false });
    for (const dryRun of [false, true]) {
      expect((await viewer.put(ONE, { ...WHY, dryRun })).status).toBe(403);
      expect((await viewer.lift(ONE, `reason=x&dryRun=${dryRun}`)).status).toBe(403);
    }
    expect((await viewer.get('/v1/holds')).status).toBe(200);
    const world = await holdsWorld();
    for (const headers of [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      expect((await world.put(ONE, WHY, headers)).status).toBe(403);
      expect((await world.lift(ONE, 'reason=x', headers)).status).toBe(403);
    }
    expect(await world.orders.list()).toEqual([]);
    expect((await world.put(ONE, WHY, { 'content-type': 'text/plain' })).status).toBe(415);
  });

  it('needs records', async () => {
    const world = createApiWorld();
    const headers = { 'content-type': 'application/json' };
    const answer = await world.request(ONE, { method: 'PUT', headers, body: JSON.stringify(WHY) });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ code: 'no-records' });
    expect(await (await world.get('/v1/holds')).json()).toEqual({ holds: [] });
  });
});

describe('GET /v1/holds', () => {
  it('has what stands, what was ordered and what is being lifted, page by page', async () => {
    const world = await holdsWorld();
    world.annotate('cluster-1', '2026-11-22T05:00:00Z owner@acme.example ours');
    world.annotate('cluster-2', 'junk');
    await world.sweep();
    await world.put('/v1/holds/cluster-3', WHY);
    await world.lift('/v1/holds/cluster-2');
    const before = world.calls();
    const holds: object[] = [];
    for (let path: string | undefined = '/v1/holds?limit=1'; path !== undefined; ) {
      const answer = await world.get(path);
      const page = HoldPage.parse(await answer.json());
      expect(page.holds.length).toBeLessThanOrEqual(1);
      holds.push(...page.holds);
      path = /^<([^>]+)>/.exec(answer.headers.get('link') ?? '')?.[1];
    }
    expect(holds).toMatchObject([
      {
        cluster: 'cluster-1',
        sync: ROOT,
        image: IMAGE,
        state: 'on',
        by: 'owner@acme.example',
        reason: 'ours',
        until: '2026-11-22T05:00:00Z',
        isOver: true,
      },
      { cluster: 'cluster-2', state: 'lifting', text: 'junk', isOver: true },
      { cluster: 'cluster-3', state: 'ordered', text: TEXT, isOver: false, by: OPS.name },
    ]);
    expect(world.calls()).toEqual(before);
  });

  it('has the holds of all others where the orders of one cluster cannot be read', async () => {
    const world = await holdsWorld();
    world.annotate('cluster-1', TEXT);
    await world.sweep();
    await world.put('/v1/holds/cluster-3', WHY);
    world.damage('cluster-1');
    world.damage('cluster-2');
    const answer = await world.get('/v1/holds');
    expect(answer.status).toBe(200);
    const page = HoldPage.parse(await answer.json());
    expect(page.holds).toMatchObject([
      { cluster: 'cluster-1', state: 'on' },
      { cluster: 'cluster-3', state: 'ordered' },
    ]);
    expect(page.unread).toEqual(['cluster-1', 'cluster-2']);
    const one = HoldPage.parse(await (await world.get('/v1/holds?cluster=cluster-3')).json());
    expect(one.unread).toBeUndefined();
    expect((await world.put('/v1/holds/cluster-2', WHY)).status).toBe(503);
  });

  it.each([
    [`image=${encodeURIComponent(IMAGE)}`, 1],
    ['image=us-docker.pkg.dev/acme/other', 0],
    ['cluster=cluster-1', 1],
    ['cluster=cluster-2', 0],
  ])('filters: %s', async (query, found) => {
    const world = await holdsWorld();
    world.annotate('cluster-1', TEXT);
    await world.sweep();
    const { holds } = HoldPage.parse(await (await world.get(`/v1/holds?${query}`)).json());
    expect(holds).toHaveLength(found);
  });
});

describe('the command', () => {
  it('holds, lists and lifts', async () => {
    const world = await holdsWorld();
    const held = await runCountersign(world, [
      'hold',
      'cluster-1',
      ROOT,
      '--reason',
      'INC-7',
      '--for',
      '2h',
    ]);
    expect(held).toMatchObject({
      code: 0,
      out: expect.stringContaining('1 RSync of cluster-1 is held'),
    });
    const listed = await runCountersign(world, ['holds']);
    expect(listed.out).toMatch(
      new RegExp(`\ncluster-1 +${ROOT} +ordered +0 s +in 2 h +ops@acme\\.example +INC-7\n`),
    );
    const lifted = await runCountersign(world, ['unhold', 'cluster-1', '--reason', 'over']);
    expect(lifted.out).toContain('1 RSync of cluster-1 is no longer held');
    expect(await runCountersign(world, ['unhold', 'cluster-2', '--reason', 'over'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('Nothing changes'),
    });
  });

  it('lists what it can, and exits with 2 where holds of a cluster are not known', async () => {
    const world = await holdsWorld();
    await world.put('/v1/holds/cluster-3', WHY);
    world.damage('cluster-2');
    const listed = await runCountersign(world, ['holds']);
    expect(listed.code).toBe(2);
    expect(listed.out).toContain('cluster-3');
    expect(listed.out).toContain('The ordered holds of cluster-2 cannot be read');
  });

  it.each([
    ['hold', 'cluster-1'],
    ['hold', 'cluster-1', '--reason', 'x', '--until', 'tomorrow'],
    ['hold', 'cluster-1', '--reason', 'x', '--until', '2026-12-01T08:00:00Z', '--for', '2h'],
    ['unhold'],
  ])('is refused: %s %s %s %s', async (...args) => {
    const world = await holdsWorld();
    expect((await runCountersign(world, args)).code).toBe(2);
    expect(await world.orders.list()).toEqual([]);
  });
});
