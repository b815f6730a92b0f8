import { describe, expect, it } from 'vitest';
import { ResyncPreview } from '#functions/api/resync/operation.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { encodeEvent } from '#shared/status/encode.ts';
import { UNTRUSTED, VERIFIED } from '#test/fixtures/decision.ts';
import { C } from '#test/fixtures/digests.ts';
import { A, B, ROOT, createApiWorld, liveRSync } from '#test/fixtures/api-world.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';

const RESYNC = '/v1/resync';

describe('POST /v1/resync', () => {
  it('tasks every cluster, publishes who asked and why, and logs it', async () => {
    const world = createApiWorld();
    const answer = await world.post(RESYNC, { reason: 'after the outage' });
    expect(answer.status).toBe(202);
    expect(await answer.json()).toEqual({ id: 'id-1', clusters: 3 });
    expect(world.tasks).toEqual(
      ['cluster-1', 'cluster-2', 'cluster-3'].map((cluster) => ({
        cluster,
        reason: 'resync',
        actor: 'local',
        id: 'id-1',
      })),
    );
    const [event] = world.events;
    expect(event).toMatchObject({
      type: 'resync.requested',
      data: { id: 'id-1', actor: 'local', reason: 'after the outage', clusters: 3 },
    });
    const asked = { id: 'id-1', actor: 'local', reason: 'after the outage', clusters: 3 };
    expect(world.lines.find(({ message }) => message === 'Resync requested')).toMatchObject(asked);
    expect(world.calls()).toEqual({ 'cluster-1': 0, 'cluster-2': 0, 'cluster-3': 0 });
  });

  it.each([
    [{ cluster: 'cluster-2' }, ['cluster-2']],
    [{ image: IMAGE }, ['cluster-1', 'cluster-2']],
    [{ image: 'us-docker.pkg.dev/acme/configs/other' }, []],
    [{ sync: ROOT }, ['cluster-1', 'cluster-2']],
    [{ sync: 'RepoSync/a/b', cluster: 'cluster-1' }, []],
    [{ image: IMAGE, cluster: 'cluster-3' }, []],
  ])('tasks those that %j concerns', async (body, clusters) => {
    const syncs = [liveRSync()];
    const world = createApiWorld({
      clusters: { 'cluster-1': syncs, 'cluster-2': syncs, 'cluster-3': [] },
    });
    await world.sweep();
    const answer = await world.post(RESYNC, body);
    expect(await answer.json()).toMatchObject({ clusters: clusters.length });
    expect(world.tasks.map(({ cluster }) => cluster)).toEqual(clusters);
  });

  it('tasks clusters that nothing is known of, whatever is asked for', async () => {
    const world = createApiWorld();
    await world.post(RESYNC, { image: IMAGE, sync: ROOT });
    expect(world.tasks).toHaveLength(3);
  });

  it('hands a verified digest on, to be approved ahead of its tag', async () => {
    const world = createApiWorld();
    world.verdicts.set(B, VERIFIED);
    const answer = await world.post(RESYNC, { image: IMAGE, digest: B, cluster: 'cluster-1' });
    expect(answer.status).toBe(202);
    expect(world.tasks).toMatchObject([{ image: IMAGE, digest: B, reason: 'resync' }]);
  });

  it('tasks no cluster with a digest that does not verify', async () => {
    const world = createApiWorld();
    world.verdicts.set(B, UNTRUSTED);
    const answer = await world.post(RESYNC, { image: IMAGE, digest: B });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ code: 'not-verified' });
    expect(world.tasks).toEqual([]);
    expect(world.events).toEqual([]);
  });

  it.each<[string, unknown, number]>([
    ['a digest without its image', { digest: A }, 400],
    ['another kind of digest', { image: IMAGE, digest: `sha512:${'a'.repeat(64)}` }, 400],
    ['an image of no entry', { image: 'evil.example/x:v1' }, 400],
    ['no reference', { image: '::' }, 400],
    ['a misspelt field', { clusters: 'cluster-1' }, 400],
    ['a list', [], 400],
    ['nothing', 'null', 400],
    ['no JSON', '{', 400],
    ['a long reason', { reason: 'x'.repeat(501) }, 400],
    ['a cluster of no fleet', { cluster: 'nobody' }, 404],
    ['a sync that is none', { sync: 'Deployment/x' }, 400],
  ])('refuses %s', async (_, body, status) => {
    const world = createApiWorld();
    const answer = await world.post(RESYNC, body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(world.tasks).toEqual([]);
  });

  it.each([
    ['no body at all', {}],
    ['a body that says it is text', { body: '{"cluster":"a"}' }],
    ['a form', { body: 'x=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
  ])('does not take %s for a resync of everything', async (_, init) => {
    const world = createApiWorld();
    const answer = await world.request(RESYNC, { method: 'POST', ...init });
    expect(answer.status).toBe(415);
    expect(world.tasks).toEqual([]);
  });

  it.each([
    ['another site', { origin: 'https://evil.example' }],
    ['a sandboxed page', { origin: 'null' }],
    ['another port', { origin: 'http://127.0.0.1:9999' }],
    ['what says it is cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['another host of the same site', { 'sec-fetch-site': 'same-site' }],
  ])('refuses %s', async (_, headers) => {
    const world = createApiWorld();
    const answer = await world.post(RESYNC, {}, headers);
    expect(answer.status).toBe(403);
    expect(world.tasks).toEqual([]);
  });

  it('answers our own page', async () => {
    const headers = { origin: 'http://127.0.0.1:8080', 'sec-fetch-site': 'same-origin' };
    expect((await createApiWorld().post(RESYNC, {}, headers)).status).toBe(202);
  });

  it('says 503 when the broker fails, and the same id when asked again', async () => {
    let fail = true;
    const world = createApiWorld(
      {},
      {
        publishTasks: async () => {
          if (fail) throw new CountersignError('publish-failed', 'Topic did not take a message');
        },
      },
    );
    const headers = { 'idempotency-key': 'release-7' };
    expect((await world.post(RESYNC, {}, headers)).status).toBe(503);
    fail = false;
    expect((await world.post(RESYNC, {}, headers)).status).toBe(202);
    const ids = world.events.map(
      (event) => encodeEvent(event, { source: '//x', now: new Date(0) }).attributes['ce-id'],
    );
    expect(new Set(ids).size).toBe(1);
  });
});

describe('an idempotency key', () => {
  const KEY = { 'idempotency-key': 'release-7' };

  it('makes a repetition the same request, published once', async () => {
    const world = createApiWorld();
    const first = await (await world.post(RESYNC, { cluster: 'cluster-1' }, KEY)).json();
    const second = await (await world.post(RESYNC, { cluster: 'cluster-1' }, KEY)).json();
    expect(second).toEqual(first);
    expect(world.tasks).toHaveLength(1);
    expect(world.events).toHaveLength(1);
  });

  it('is refused for another request', async () => {
    const world = createApiWorld();
    await world.post(RESYNC, { cluster: 'cluster-1' }, KEY);
    expect((await world.post(RESYNC, {}, KEY)).status).toBe(400);
    expect(world.tasks).toHaveLength(1);
  });

  it.each(['', 'a b', 'é', 'x'.repeat(129)])('must be short and visible: %j', async (key) => {
    const answer = await createApiWorld().post(RESYNC, {}, { 'idempotency-key': key });
    expect(answer.status).toBe(400);
  });
});

describe('a dry run', () => {
  it('says what would change and why, and changes nothing', async () => {
    const world = createApiWorld();
    world.clusters.cluster('cluster-3').down = 'cluster-unreachable';
    const answer = await world.post(RESYNC, { dryRun: true });
    expect(answer.status).toBe(200);
    const preview = ResyncPreview.parse(await answer.json());
    expect(preview).toMatchObject({ clusters: 3, looked: 3 });
    expect(preview.syncs).toHaveLength(2);
    expect(preview.syncs[0]).toEqual({
      cluster: 'cluster-1',
      sync: ROOT,
      change: 'approve',
      to: A,
      phase: 'Unguarded',
      why: 'Verified by release-key under policy "release"',
    });
    expect(preview.unread).toMatchObject([{ cluster: 'cluster-3', code: 'cluster-unreachable' }]);
    expect(world.tasks).toEqual([]);
    expect(world.events).toEqual([]);
    expect(world.clusters.cluster('cluster-1').calls).toEqual(['list']);
  });

  it('finds nothing to change once all is in place', async () => {
    const world = createApiWorld();
    await world.sweep();
    const answer = await world.post(RESYNC, { dryRun: true });
    const { syncs } = ResyncPreview.parse(await answer.json());
    expect(syncs.map(({ change }) => change)).toEqual(['none', 'none', 'none']);
  });

  it('says that a digest would be approved ahead', async () => {
    const world = createApiWorld();
    world.verdicts.set(B, VERIFIED);
    await world.sweep();
    const body = { image: IMAGE, digest: B, dryRun: true, cluster: 'cluster-1' };
    const { syncs } = ResyncPreview.parse(await (await world.post(RESYNC, body)).json());
    expect(syncs).toMatchObject([{ change: 'approve-ahead', from: A, to: B }]);
  });

  it('names the child of an index: that is what would be written', async () => {
    const world = createApiWorld();
    world.children.set(C, B);
    world.verdicts.set(B, VERIFIED);
    await world.sweep();
    const ask = async (digest: string): Promise<unknown> => {
      const body = { image: IMAGE, digest, dryRun: true, cluster: 'cluster-1' };
      return ResyncPreview.parse(await (await world.post(RESYNC, body)).json()).syncs;
    };
    expect(await ask(C)).toMatchObject([{ change: 'approve-ahead', from: A, to: B }]);
    world.children.set(C, A);
    expect(await ask(C)).toMatchObject([{ change: 'none' }]);
  });
});
