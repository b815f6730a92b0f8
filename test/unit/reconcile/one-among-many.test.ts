import { describe, expect, it } from 'vitest';
import { CountersignError, type FailureCode } from '#shared/core/errors.ts';
import { formatReference } from '#shared/core/reference.ts';
import type { RSync } from '#shared/core/rsync.ts';
import type { Task } from '#shared/core/task.ts';
import { MAX_IMAGES_PER_NAMESPACE } from '#shared/reconcile/limits.ts';
import type { ReconcileDeps } from '#shared/reconcile/deps.ts';
import { reconcileCluster } from '#shared/reconcile/reconcile-cluster.ts';
import type { ClusterRecord, SyncRow } from '#shared/store/store.ts';
import { VERIFIED } from '#test/fixtures/decision.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { type ReconcileWorld, createReconcileWorld } from '#test/fixtures/reconcile-world.ts';
import { TASK, rsyncOf } from '#test/fixtures/reconcile-run.ts';
import { IMAGE, buildRSync, ociSource } from '#test/fixtures/rsync.ts';

const MINUTE = 60_000;
const HOSTILE = 'us-docker.pkg.dev/acme/configs/hostile:v1';
const BAD = 'RepoSync/team-x/bad';
const GOOD = ['RepoSync/team-a/good', 'RepoSync/team-b/good', 'RepoSync/team-c/good'];

function repoSync(namespace: string, name: string, image: string): RSync {
  const ref = { kind: 'RepoSync', namespace, name } as const;
  return buildRSync({ ref, uid: `${namespace}/${name}`, source: ociSource(image) });
}

/** One cluster with a hostile RepoSync, listed first, and three good ones. */
function crowd(): ReconcileWorld {
  const good = ['team-a', 'team-b', 'team-c'].map((team) => repoSync(team, 'good', IMAGE));
  const world = createReconcileWorld({
    clusters: { 'cluster-1': [repoSync('team-x', 'bad', HOSTILE), ...good] },
  });
  world.tags.set(IMAGE, A).set(HOSTILE, B);
  for (const digest of [A, B]) world.verdicts.set(digest, VERIFIED);
  return world;
}

interface Hostile {
  readonly deps: ReconcileDeps;
  /** Ends what hangs. */
  readonly end: () => void;
}

/** Every write of the hostile object ends so. */
function failingWrite(world: ReconcileWorld, code: FailureCode): Hostile {
  const write: ReconcileDeps['rsyncs']['write'] = async (api, rsync, patch) => {
    if (rsync.ref.name === 'bad') throw new CountersignError(code, 'Not this one', { retry: true });
    await world.deps.rsyncs.write(api, rsync, patch);
  };
  return { deps: { ...world.deps, rsyncs: { ...world.deps.rsyncs, write } }, end: () => {} };
}

function failingVerifier(world: ReconcileWorld, failure: Error): Hostile {
  const verify: ReconcileDeps['verifier']['verify'] = async (subject, ...rest) => {
    if (subject.repository.endsWith('hostile')) throw failure;
    return world.deps.verifier.verify(subject, ...rest);
  };
  return { deps: { ...world.deps, verifier: { verify } }, end: () => {} };
}

function brokenImage(world: ReconcileWorld, code: FailureCode): Hostile {
  world.broken.set(HOSTILE, new CountersignError(code, 'No answer'));
  return { deps: world.deps, end: () => {} };
}

function hangingImage(world: ReconcileWorld): Hostile {
  const { resolver } = world.deps;
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  const resolve: typeof resolver.resolve = (reference, notBefore) =>
    formatReference(reference) === HOSTILE ? promise : resolver.resolve(reference, notBefore);
  const deps = { ...world.deps, resolver: { ...resolver, resolve } };
  const end = (): void => reject(new CountersignError('registry-unavailable', 'Too late'));
  return { deps, end };
}

const KINDS: readonly (readonly [string, (world: ReconcileWorld) => Hostile])[] = [
  ['conflicts at every write', (world) => failingWrite(world, 'cluster-conflict')],
  ['has a write that ends in 504', (world) => failingWrite(world, 'cluster-unreachable')],
  ['is forbidden to be written', (world) => failingWrite(world, 'cluster-forbidden')],
  ['is refused by admission', (world) => failingWrite(world, 'cluster-refused')],
  ['has an image that hangs', hangingImage],
  ['has an image whose registry is away', (world) => brokenImage(world, 'registry-unavailable')],
  ['has an image that may not be read', (world) => brokenImage(world, 'registry-denied')],
  ['has a referrers list that throws', (world) => failingVerifier(world, new TypeError('x'))],
  [
    'has signatures that take too long',
    (world) => failingVerifier(world, new CountersignError('deadline-exceeded', 'Slow')),
  ],
];

function rowOf(record: ClusterRecord | undefined, sync: string): SyncRow | undefined {
  return record?.syncs.find((row) => row.sync === sync);
}

/** A task, while time stands still but for what waits for it. */
async function run(world: ReconcileWorld, { deps, end }: Hostile, task: Task = TASK) {
  const running = reconcileCluster(task, world.deps.now(), deps);
  while (GOOD.some((sync) => rsyncOf(world, 'cluster-1', sync).annotations.approved.text !== A)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  // The good ones are approved by now, whatever the other does.
  end();
  return running;
}

describe('one RSync that', () => {
  it.each(KINDS)('%s delays no other, and its task is acknowledged', async (_, make) => {
    const world = crowd();
    const hostile = make(world);
    expect(await run(world, hostile)).toMatchObject({ status: 'reconciled', unsettled: 1 });
    expect(world.types().filter((type) => type.startsWith('cluster.'))).toEqual([]);
    expect(world.types().filter((type) => type === 'sync.approved')).toHaveLength(3);
    const record = await world.deps.store.readCluster('cluster-1');
    expect(record).toMatchObject({ phase: 'Reachable' });
    expect(rowOf(record, BAD)?.unsettled).toMatchObject({ attempts: 1 });
    expect(record?.reconciledAt).toBeDefined();
  });

  it('is in its pause costs a push of another image nothing', async () => {
    const world = crowd();
    world.broken.set(HOSTILE, new CountersignError('registry-unavailable', 'No answer'));
    await reconcileCluster(TASK, world.deps.now(), world.deps);
    world.resolved.length = 0;
    world.pass(MINUTE);
    world.tags.set(IMAGE, B);
    const push: Task = { cluster: 'cluster-1', reason: 'push', image: IMAGE };
    await reconcileCluster(push, world.deps.now(), world.deps);
    expect(world.resolved).toEqual([IMAGE]);
    expect(rsyncOf(world, 'cluster-1', GOOD[0]).annotations.approved.text).toBe(`${B} ${A}`);
    const record = await world.deps.store.readCluster('cluster-1');
    expect(rowOf(record, BAD)?.unsettled).toMatchObject({ attempts: 1 });
  });

  it.each<[string, Task, boolean]>([
    ['a push of its own image', { cluster: 'cluster-1', reason: 'push', image: HOSTILE }, true],
    ['a push of another', { cluster: 'cluster-1', reason: 'push', image: IMAGE }, false],
    ['its signature', { cluster: 'cluster-1', reason: 'signature', image: HOSTILE }, true],
    ['a resync', { cluster: 'cluster-1', reason: 'resync' }, true],
    ['a sweep in its pause', { cluster: 'cluster-1', reason: 'sweep' }, false],
  ])('was unsettled twice is looked at by %s: %s', async (_, task, looked) => {
    const world = crowd();
    world.broken.set(HOSTILE, new CountersignError('registry-unavailable', 'No answer'));
    for (let times = 0; times < 2; times += 1) {
      await reconcileCluster(TASK, world.deps.now(), world.deps);
      world.pass(1_000);
    }
    world.broken.clear();
    await reconcileCluster(task, world.deps.now(), world.deps);
    expect(rsyncOf(world, 'cluster-1', BAD).annotations.approved.text).toBe(looked ? B : undefined);
  });

  it('was unsettled is not covered by a reconcile that did not look at it', async () => {
    const world = crowd();
    world.broken.set(HOSTILE, new CountersignError('registry-unavailable', 'No answer'));
    const pushedAt = world.deps.now();
    world.pass(1_000);
    await reconcileCluster(TASK, world.deps.now(), world.deps);
    world.broken.clear();
    const late: Task = { cluster: 'cluster-1', reason: 'push', image: HOSTILE };
    expect(await reconcileCluster(late, pushedAt, world.deps)).toMatchObject({ patched: 1 });
    const other: Task = { cluster: 'cluster-1', reason: 'push', image: IMAGE };
    expect(await reconcileCluster(other, pushedAt, world.deps)).toEqual({ status: 'covered' });
  });

  it('cannot be written is Blocked after the third time, once, and recovers', async () => {
    const world = crowd();
    const { deps } = failingWrite(world, 'cluster-conflict');
    for (let times = 0; times < 5; times += 1) {
      await reconcileCluster({ ...TASK, reason: 'resync' }, world.deps.now(), deps);
      world.pass(MINUTE);
    }
    const about = (type: string) =>
      world.events.filter(
        (event) => event.type === type && 'sync' in event.data && event.data.sync === BAD,
      );
    expect(about('sync.blocked')).toHaveLength(1);
    expect(about('sync.blocked')[0]?.data.errors).toMatchObject([{ code: 'cluster-conflict' }]);
    await reconcileCluster({ ...TASK, reason: 'resync' }, world.deps.now(), world.deps);
    world.pass(MINUTE);
    expect(about('sync.approved')).toHaveLength(1);
  });
});

describe('a failure that is no RSync’s own', () => {
  it('is the cluster’s where every RSync fails its way', async () => {
    const world = crowd();
    const write: ReconcileDeps['rsyncs']['write'] = async () => {
      throw new CountersignError('cluster-forbidden', 'RBAC denies access');
    };
    const deps = { ...world.deps, rsyncs: { ...world.deps.rsyncs, write } };
    expect(await reconcileCluster(TASK, world.deps.now(), deps)).toEqual({ status: 'unreachable' });
    expect(world.events).toMatchObject([
      { type: 'cluster.unreachable', data: { phase: 'Forbidden' } },
    ]);
  });

  it('is the cluster’s where it does not answer a read either: nothing more is begun', async () => {
    const world = crowd();
    const cluster = world.clusters.cluster('cluster-1');
    const write: ReconcileDeps['rsyncs']['write'] = async () => {
      cluster.down = 'cluster-unreachable';
      throw new CountersignError('cluster-unreachable', 'No answer');
    };
    const deps = { ...world.deps, rsyncs: { ...world.deps.rsyncs, write } };
    expect(await reconcileCluster(TASK, world.deps.now(), deps)).toEqual({ status: 'unreachable' });
  });

  it.each<[FailureCode, number | undefined]>([
    ['fleet-unavailable', undefined],
    ['deadline-exceeded', 5_000],
  ])('%s is retried as a whole', async (code, retryAfterMs) => {
    const world = crowd();
    const write: ReconcileDeps['rsyncs']['write'] = async () => {
      throw new CountersignError(
        code,
        'Budget',
        retryAfterMs === undefined ? {} : { retryAfterMs },
      );
    };
    const deps = { ...world.deps, rsyncs: { ...world.deps.rsyncs, write } };
    await expect(reconcileCluster(TASK, world.deps.now(), deps)).rejects.toMatchObject({ code });
  });

  it.each<FailureCode>(['publish-failed', 'store-unavailable'])(
    '%s is retried as a whole',
    async (code) => {
      const world = crowd();
      const publish = async (): Promise<void> => {
        throw new CountersignError(code, 'Away');
      };
      const deps = { ...world.deps, publish };
      await expect(reconcileCluster(TASK, world.deps.now(), deps)).rejects.toMatchObject({ code });
    },
  );
});

describe('a namespace that names more images than its bound', () => {
  it('is looked at in turns, which its rows show, and delays no other', async () => {
    const many = Array.from({ length: MAX_IMAGES_PER_NAMESPACE + 20 }, (_, index) =>
      repoSync('team-x', `r${index}`, `us-docker.pkg.dev/acme/configs/x${index}:v1`),
    );
    const world = createReconcileWorld({
      clusters: { 'cluster-1': [...many, repoSync('team-a', 'good', IMAGE)] },
    });
    world.tags.set(IMAGE, A);
    world.verdicts.set(A, VERIFIED);
    expect(await reconcileCluster(TASK, world.deps.now(), world.deps)).toMatchObject({
      status: 'reconciled',
      patched: 1,
      unsettled: 20,
    });
    expect(world.resolved).toHaveLength(MAX_IMAGES_PER_NAMESPACE + 1);
    const record = await world.deps.store.readCluster('cluster-1');
    const late = record?.syncs.filter(({ unsettled }) => unsettled?.code === 'postponed') ?? [];
    expect(late).toHaveLength(20);
    expect(late[0]?.message).toContain(`${MAX_IMAGES_PER_NAMESPACE}`);
    world.pass(MINUTE);
    await reconcileCluster({ cluster: 'cluster-1', reason: 'sweep' }, world.deps.now(), world.deps);
    for (const { sync } of late) {
      expect(world.resolved.some((name) => name.includes(`x${sync.split('/r')[1]}:`))).toBe(true);
    }
  });
});
