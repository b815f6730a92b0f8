import { describe, expect, it } from 'vitest';
import { parseReceipt } from '#shared/configsync/read-rsync.ts';
import { reconcileCluster } from '#shared/reconcile/reconcile-cluster.ts';
import { UNSIGNED, UNTRUSTED } from '#test/fixtures/decision.ts';
import { A, B, C, D } from '#test/fixtures/digests.ts';
import { SYNC, TASK, rsyncOf, run, verifiedWorld } from '#test/fixtures/reconcile-run.ts';
import { type ReconcileWorld, createReconcileWorld } from '#test/fixtures/reconcile-world.ts';
import {
  IMAGE,
  buildRSync,
  helmSource,
  liveStatus,
  annotationsOf,
  textsOf,
  type Texts,
} from '#test/fixtures/rsync.ts';

/** A tenant writes annotations that only Countersign should write, where there is no gate. */
function tamper(world: ReconcileWorld, annotations: Texts): void {
  const rsync = rsyncOf(world);
  const merged = annotationsOf({ ...textsOf(rsync), ...annotations });
  world.clusters.cluster('cluster-1').rsyncs.set(SYNC, { ...rsync, annotations: merged });
}

function approved(world: ReconcileWorld): string | undefined {
  return rsyncOf(world).annotations.approved.text;
}

/** On B, with A before it; D is not signed. */
async function approvedWorld(): Promise<ReconcileWorld> {
  const made = verifiedWorld();
  made.verdicts.set(D, UNSIGNED);
  await run(made);
  made.tags.set(IMAGE, B);
  made.pass(20_000);
  await run(made);
  made.pass(1_000);
  made.events.length = 0;
  return made;
}

describe('a key that another user put into the approved list', () => {
  it.each([
    ['last', `${B} ${A} ${D}`],
    ['first', `${D} ${B} ${A}`],
    ['alone', D],
  ])('%s is dropped when it does not verify, and reported', async (_, list) => {
    const made = await approvedWorld();
    tamper(made, { approved: list });
    await run(made, { ...TASK, reason: 'sweep' });
    expect(approved(made)).not.toContain(D);
    expect(approved(made)?.split(' ')[0]).toBe(B);
    expect(made.events.filter(({ type }) => type === 'sync.withdrawn')).toMatchObject([
      { uid: 'uid-1', data: { digest: D, sync: SYNC, cluster: 'cluster-1' } },
    ]);
  });

  it('is dropped even if the receipt is forged along with it', async () => {
    const made = await approvedWorld();
    const receipt = JSON.stringify({
      ...JSON.parse(rsyncOf(made).annotations.receipt.text ?? ''),
      digest: D,
      also: [D, B, A],
    });
    tamper(made, { approved: `${D} ${B} ${A}`, receipt });
    await run(made);
    expect(approved(made)).toBe(`${B} ${A}`);
  });

  it('is dropped where it is live already, which is reported as what it is', async () => {
    const made = await approvedWorld();
    tamper(made, { approved: `${B} ${A} ${D}` });
    const rsync = { ...rsyncOf(made), status: liveStatus(D) };
    made.clusters.cluster('cluster-1').rsyncs.set(SYNC, rsync);
    await run(made);
    expect(approved(made)).toBe(`${B} ${A}`);
    expect(made.types()).toEqual(['sync.withdrawn', 'sync.unguarded']);
  });

  it('is dropped while the target itself does not verify', async () => {
    const made = await approvedWorld();
    made.tags.set(IMAGE, C);
    made.verdicts.set(C, UNTRUSTED);
    tamper(made, { approved: `${B} ${A} ${D} ${C}` });
    made.pass(20_000);
    await run(made);
    expect(approved(made)).toBe(`${B} ${A}`);
  });

  it('stays when it verifies: it is what we would approve', async () => {
    const made = await approvedWorld();
    tamper(made, { approved: `${B} ${A} ${C}` });
    await run(made);
    expect(approved(made)).toBe(`${B} ${A} ${C}`);
    expect(made.types()).toEqual([]);
  });

  it('is published before it is written, under one id however often', async () => {
    const made = await approvedWorld();
    tamper(made, { approved: `${B} ${A} ${D}` });
    const cluster = made.clusters.cluster('cluster-1');
    let told: readonly string[] = [];
    cluster.beforeWrite = () => {
      told = made.types();
      delete cluster.beforeWrite;
      cluster.rsyncs.set(SYNC, { ...rsyncOf(made), resourceVersion: '99' });
    };
    await run(made);
    expect(told).toEqual(['sync.withdrawn']);
    const [first, second] = made.events;
    expect(second).toMatchObject({
      uid: 'uid-1',
      replaced: first && 'replaced' in first && first.replaced,
    });
    expect(approved(made)).toBe(`${B} ${A}`);
  });
});

describe('a key that Countersign wrote', () => {
  it('is not judged again, and stays whatever became of its signature', async () => {
    const made = await approvedWorld();
    made.verdicts.set(A, UNSIGNED);
    const asked: string[] = [];
    const { verifier } = made.deps;
    const verify: typeof verifier.verify = (subject, ...rest) => {
      asked.push(subject.digest);
      return verifier.verify(subject, ...rest);
    };
    await reconcileCluster(TASK, made.deps.now(), { ...made.deps, verifier: { verify } });
    expect(asked).toEqual([B]);
    expect(approved(made)).toBe(`${B} ${A}`);
    expect(made.types()).toEqual([]);
  });

  it('is not dropped for an "unsigned" from before another instance approved it', async () => {
    const made = await approvedWorld();
    const before = await made.deps.store.readCluster('cluster-1');
    made.tags.set(IMAGE, C);
    made.pass(1_000);
    await run(made);
    expect(approved(made)).toBe(`${C} ${B} ${A}`);
    await made.deps.store.deleteCluster('cluster-1');
    if (before !== undefined) await made.deps.store.writeCluster(before);
    const { verifier } = made.deps;
    const verify: typeof verifier.verify = async (subject, policy, options) =>
      subject.digest === C && options?.fresh !== true
        ? UNSIGNED
        : verifier.verify(subject, policy, options);
    made.pass(1_000);
    const task = { ...TASK, reason: 'sweep' } as const;
    await reconcileCluster(task, made.deps.now(), { ...made.deps, verifier: { verify } });
    expect(approved(made)).toBe(`${C} ${B} ${A}`);
  });

  it('is explained by its receipt where the store was lost', async () => {
    const made = await approvedWorld();
    expect(parseReceipt(rsyncOf(made).annotations.receipt.text)?.also).toEqual([A]);
    await made.deps.store.deleteCluster('cluster-1');
    made.verdicts.set(A, UNSIGNED);
    await run(made);
    expect(approved(made)).toBe(`${B} ${A}`);
  });
});

describe('a chart', () => {
  const ref = {
    kind: 'RootSync',
    namespace: 'config-management-system',
    name: 'root-sync',
  } as const;
  const chart = 'us-docker.pkg.dev/acme/charts/shop';

  it.each([
    ['a version that does not verify', `${chart}:1.2.2`],
    ['a version that is not in the registry', `${chart}:9.9.9`],
    ['another chart', 'us-docker.pkg.dev/acme/charts/other:1.2.3'],
    ['a digest', D],
  ])('loses %s', async (_, key) => {
    const made = createReconcileWorld({
      clusters: { 'cluster-1': [buildRSync({ ref, source: helmSource('1.2.3') })] },
    });
    made.tags.set(`${chart}:1.2.3`, A).set(`${chart}:1.2.2`, D);
    made.verdicts.set(A, { status: 'verified', authorities: ['k'], candidates: [] });
    await run(made);
    tamper(made, { approved: `${chart}:1.2.3 ${key}` });
    made.pass(1_000);
    await run(made);
    expect(approved(made)).toBe(`${chart}:1.2.3`);
  });
});
