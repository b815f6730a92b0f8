import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import { readSought } from '#shared/reconcile/fan-out.ts';
import { RULE, UNTRUSTED, VERIFIED } from '#test/fixtures/decision.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
import { type PushWorld, createPushWorld, deliver, messageOf } from '#test/fixtures/push-world.ts';
import { IMAGE, buildRSync } from '#test/fixtures/rsync.ts';

const REPOSITORY = 'us-docker.pkg.dev/acme/configs/platform';
const PUSHED = { action: 'INSERT', digest: `${REPOSITORY}@${A}`, tag: IMAGE };
const SIGNATURE = `${REPOSITORY}:sha256-${'a'.repeat(64)}.sig`;

function pushWorld(): PushWorld {
  const world = createPushWorld({
    clusters: { one: [buildRSync()], two: [buildRSync()], three: [] },
    labels: { three: { tier: 'sandbox' } },
    rule: { clusters: 'tier != sandbox' },
  });
  world.tags.set(IMAGE, A);
  world.verdicts.set(A, VERIFIED);
  return world;
}

function push(world: PushWorld, data: unknown, messageId?: string): Promise<void> {
  return deliver(messageOf(world, data, messageId), world.push);
}

function tasked(world: PushWorld): readonly string[] {
  return world.tasks.map(({ cluster }) => cluster);
}

async function remember(world: PushWorld, cluster: string, follows: string[]): Promise<void> {
  const now = world.deps.now().toISOString();
  const record = { phase: 'Reachable', since: now, reconciledAt: now, syncs: [] } as const;
  await world.deps.store.writeCluster({ cluster, follows, ...record });
}

describe('an image', () => {
  it('that verifies is published, and tasks the clusters that its rule selects', async () => {
    const world = pushWorld();
    await push(world, PUSHED);
    expect(world.events).toMatchObject([
      { type: 'image.verified', cause: 'm1', data: { image: IMAGE, digest: A } },
    ]);
    const task = { reason: 'push', image: IMAGE, id: 'm1' };
    expect(world.tasks).toEqual([
      { cluster: 'one', ...task },
      { cluster: 'two', ...task },
    ]);
  });

  it('tasks only those that follow it, once the store knows, and those it knows nothing of', async () => {
    const world = createPushWorld({ clusters: { one: [], two: [], three: [] } });
    world.tags.set(IMAGE, A);
    world.verdicts.set(A, VERIFIED);
    await remember(world, 'one', ['us-docker.pkg.dev/acme/configs/else']);
    await remember(world, 'two', [REPOSITORY]);
    await push(world, PUSHED);
    expect(tasked(world)).toEqual(['two', 'three']);
    await remember(world, 'three', []);
    await push(world, PUSHED);
    expect(tasked(world)).toEqual(['two', 'three', 'two']);
  });

  it('that no known RSync follows tasks whom its rule selects, once in a minute', async () => {
    const world = pushWorld();
    for (const name of ['one', 'two', 'three']) await remember(world, name, []);
    await push(world, PUSHED);
    expect(tasked(world)).toEqual(['one', 'two']);
    await push(world, PUSHED);
    expect(tasked(world)).toEqual(['one', 'two']);
    world.pass(60_000);
    await push(world, PUSHED);
    expect(tasked(world)).toEqual(['one', 'two', 'one', 'two']);
  });

  it('that no known RSync follows is left to the sweep where the fleet is large', async () => {
    const names = Array.from({ length: 101 }, (_, index) => `c${index}`);
    const world = createPushWorld({
      clusters: Object.fromEntries(names.map((name) => [name, []])),
    });
    world.tags.set(IMAGE, A);
    world.verdicts.set(A, VERIFIED);
    for (const name of names) await remember(world, name, []);
    await push(world, PUSHED);
    expect(world.tasks).toEqual([]);
    const isSought = await readSought(world.deps.rules, world.deps);
    const [member] = (await world.deps.fleet.list()).members;
    const record = await world.deps.store.readCluster('c0');
    if (member === undefined || record === undefined) throw new Error('No cluster');
    expect(isSought(member, record)).toBe(true);
    expect(isSought(member, undefined)).toBe(true);
    const lookedAt = world.deps.now().toISOString();
    expect(isSought(member, { ...record, lookedAt })).toBe(false);
    world.pass(3_600_000);
    expect((await readSought(world.deps.rules, world.deps))(member, record)).toBe(false);
  });

  it.each([
    ['unsigned', undefined],
    ['untrusted', UNTRUSTED],
  ])('that is %s is published once and tasks no cluster', async (status, verdict) => {
    const world = pushWorld();
    world.verdicts.clear();
    if (verdict !== undefined) world.verdicts.set(A, verdict);
    await push(world, PUSHED);
    await push(world, PUSHED, 'm2');
    expect(world.types()).toEqual([`image.${status}`]);
    expect(world.tasks).toEqual([]);
  });

  it('whose tag is gone is unusable', async () => {
    const world = pushWorld();
    world.tags.clear();
    await push(world, PUSHED);
    expect(world.events).toMatchObject([
      { type: 'image.unusable', data: { reasons: ['tag-absent'] } },
    ]);
    expect(world.tasks).toEqual([]);
  });

  it('is what the registry says, not what the message says (law 1)', async () => {
    const world = pushWorld();
    world.tags.set(IMAGE, B);
    world.verdicts.set(B, UNTRUSTED);
    await push(world, PUSHED);
    expect(world.events).toMatchObject([{ type: 'image.untrusted', data: { digest: B } }]);
  });

  it('without a tag is judged by its digest, and publishes nothing while it is unsigned', async () => {
    const world = pushWorld();
    world.verdicts.clear();
    await push(world, { action: 'INSERT', digest: `${REPOSITORY}@${A}` });
    expect(world.types()).toEqual([]);
    world.verdicts.set(A, VERIFIED);
    await push(world, { action: 'INSERT', digest: `${REPOSITORY}@${A}` });
    expect(world.types()).toEqual(['image.verified']);
    expect(world.tasks).toHaveLength(2);
  });

  it('that the config does not name is left alone', async () => {
    const world = pushWorld();
    await push(world, { action: 'INSERT', tag: 'gcr.io/else/where:v1' });
    expect(world.logged).toEqual(['Repository is not named by the config']);
    expect(world.resolved).toEqual([]);
    expect(world.tasks).toEqual([]);
  });
});

describe('a signature', () => {
  it.each([
    ['of a .sig tag', { action: 'INSERT', tag: SIGNATURE, digest: `${REPOSITORY}@${C}` }],
    ['of a fallback tag', { action: 'INSERT', tag: SIGNATURE.replace('.sig', '') }],
    ['that only refers', { action: 'INSERT', digest: `${REPOSITORY}@${B}` }],
  ])('%s resumes the push of every tag of its subject', async (_, data) => {
    const world = pushWorld();
    world.verdicts.clear();
    await push(world, PUSHED);
    world.verdicts.set(A, VERIFIED);
    world.subjects.set(B, A);
    world.tagsOf.set(A, ['v1', 'stable']);
    world.tags.set(IMAGE.replace(':v1', ':stable'), A);
    await push(world, data, 'm2');
    expect(world.types()).toEqual(['image.unsigned', 'image.verified']);
    expect(world.tasks).toEqual([
      { cluster: 'one', reason: 'signature', image: IMAGE, id: 'm2' },
      { cluster: 'two', reason: 'signature', image: IMAGE, id: 'm2' },
    ]);
  });

  it('of an image that has no tag yet is judged by its digest', async () => {
    const world = pushWorld();
    await push(world, { action: 'INSERT', tag: SIGNATURE });
    expect(world.events).toMatchObject([
      { type: 'image.verified', data: { image: `${REPOSITORY}@${A}` } },
    ]);
    expect(world.tasks).toHaveLength(2);
  });

  it('kept in another repository tasks all that its rule selects', async () => {
    const world = pushWorld();
    world.signedIn.set('gcr.io/acme/signatures', [{ ...RULE, clusters: 'tier != sandbox' }]);
    const tag = SIGNATURE.replace(REPOSITORY, 'gcr.io/acme/signatures');
    await push(world, { action: 'INSERT', tag });
    expect(world.tasks).toEqual([
      { cluster: 'one', reason: 'signature', id: 'm1' },
      { cluster: 'two', reason: 'signature', id: 'm1' },
    ]);
  });
});

describe('a deletion', () => {
  it.each([
    [{ action: 'DELETE', tag: IMAGE }],
    [{ action: 'DELETE', digest: `${REPOSITORY}@${A}` }],
  ])('is noted and nothing else: %j', async (data) => {
    const world = pushWorld();
    await push(world, data);
    expect(world.logged).toEqual(['Deletion noted']);
    expect(world.resolved).toEqual([]);
    expect(world.tasks).toEqual([]);
  });
});

describe('what can never be understood', () => {
  it.each([
    [''],
    ['{'],
    ['null'],
    [{}],
    [{ action: 'INSERT' }],
    [{ action: 'MOVE', tag: IMAGE }],
    [{ action: 'INSERT', tag: 'not a reference' }],
    [{ action: 'INSERT', tag: IMAGE, digest: `gcr.io/other/image@${A}` }],
  ])('%j is a bad request, which no retry helps', async (data) => {
    const world = pushWorld();
    await expect(push(world, data)).rejects.toMatchObject({ code: 'bad-request', retry: false });
    expect(world.tasks).toEqual([]);
  });
});

describe('a registry that fails', () => {
  const failure = new CountersignError('registry-unavailable', 'No answer');

  it('is published once and retried; the verdict that follows ends it', async () => {
    const world = pushWorld();
    await push(world, PUSHED);
    world.broken.set(IMAGE, failure);
    for (const id of ['m2', 'm2']) {
      world.pass(1);
      await expect(push(world, PUSHED, id)).rejects.toMatchObject({ code: failure.code });
    }
    expect(world.types()).toEqual(['image.verified', 'image.unchecked']);
    world.broken.clear();
    world.pass(1);
    await push(world, PUSHED, 'm2');
    expect(world.types()).toEqual(['image.verified', 'image.unchecked', 'image.verified']);
  });

  it('approves nothing', async () => {
    const world = pushWorld();
    world.broken.set(IMAGE, failure);
    await expect(push(world, PUSHED)).rejects.toThrow(failure);
    expect(world.tasks).toEqual([]);
  });
});

describe('fifty deliveries of one event at once', () => {
  it('ask the registry once and publish once', async () => {
    const world = pushWorld();
    const message = messageOf(world, PUSHED);
    await Promise.all(Array.from({ length: 50 }, () => deliver(message, world.push)));
    expect(world.resolved).toEqual([IMAGE]);
    expect(new Set(world.tasks.map(({ cluster }) => cluster))).toEqual(new Set(['one', 'two']));
  });
});
