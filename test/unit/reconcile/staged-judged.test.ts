import { describe, expect, it } from 'vitest';
import { parseReceipt } from '#shared/configsync/read-rsync.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { parseReference } from '#shared/core/reference.ts';
import type { Phase } from '#shared/core/phase.ts';
import type { SyncStatus } from '#shared/core/rsync.ts';
import { OTHER_POLICY, POLICY, UNSIGNED, UNTRUSTED, VERIFIED } from '#test/fixtures/decision.ts';
import { A, B, C, D, fakeDigest } from '#test/fixtures/digests.ts';
import { TASK, rsyncOf, run } from '#test/fixtures/reconcile-run.ts';
import { stage } from '#test/fixtures/rollout.ts';
import { IMAGE, buildRSync, helmSource, liveStatus, sourceError } from '#test/fixtures/rsync.ts';
import {
  type StagedWorld,
  annotate,
  approvedIn,
  createStagedWorld,
  report,
  settledWorld,
} from '#test/fixtures/staged-world.ts';

const OPEN = { stage: 'rest', cursor: { cluster: 'z' } } as const;
const INDEX = fakeDigest('1');
const FORGED = fakeDigest('2');

describe('a stage that asks for a second policy', () => {
  it('is entered once the digest meets that too, and keeps what it has', async () => {
    const stages = [stage('rest', { selects: () => true, signedBy: 'qa' })] as const;
    const world = await settledWorld({ strategy: { stages } });
    world.put({ status: 'completed' });
    await run(world);
    expect(world.patches()).toBe(0);
    expect(await world.row()).toMatchObject({
      record: { phase: 'Waiting', digest: B },
      staged: { why: 'signature', digest: B },
    });
    world.qa.set(B, VERIFIED);
    world.pass(60_000);
    await run(world, { ...TASK, reason: 'signature' });
    expect(approvedIn(world)).toBe(`${B} ${A}`);
    world.qa.clear();
    world.pass(60_000);
    await run(world);
    expect(approvedIn(world)).toBe(`${B} ${A}`);
    expect((await world.row()).staged).not.toHaveProperty('why');
  });
});

describe('a policy that has changed', () => {
  it.each([
    ['met by what is approved', VERIFIED, OTHER_POLICY],
    ['not met by it', UNSIGNED, POLICY],
  ])('is noted where it is %s, and nothing is written', async (_, verdict, noted) => {
    const world = await settledWorld();
    world.put();
    const policies = new Map(
      [...world.deps.policies].map(([name, policy]) => [name, { ...policy, hash: OTHER_POLICY }]),
    );
    world.verdicts.set(A, verdict);
    await run({ ...world, deps: { ...world.deps, policies } });
    expect(world.patches()).toBe(0);
    expect((await world.row()).approval).toMatchObject({ digest: A, policy: noted });
  });
});

describe('a digest that the tag does not name', () => {
  it('is approved where the record has it, and the verdict of the tag is published', async () => {
    const world = await settledWorld({ effect: 'pin' });
    world.tags.set(IMAGE, D);
    world.verdicts.set(D, UNTRUSTED);
    world.put(OPEN);
    await run(world, { ...TASK, reason: 'sweep' });
    expect(approvedIn(world)).toBe(`${B} ${A}`);
    const receipt = parseReceipt(rsyncOf(world).annotations.receipt.text);
    expect(receipt).toMatchObject({ image: IMAGE, resolvedAt: '2026-11-22T05:30:00Z' });
    expect(await world.row()).toMatchObject({ target: D, verdict: 'untrusted', image: IMAGE });
    expect((await world.row()).staged).not.toHaveProperty('target');
    expect(world.events.map(({ type, data }) => [type, 'digest' in data && data.digest])).toEqual([
      ['image.untrusted', D],
      ['sync.approved', B],
    ]);
    report(world, B);
    world.pass(60_000);
    await run(world);
    expect((await world.row()).record).toMatchObject({ phase: 'Rejected', digest: D });
    world.tags.set(IMAGE, B);
    world.pass(60_000);
    await run(world, { ...TASK, reason: 'sweep', id: 'm2' });
    expect((await world.row()).record).toMatchObject({ phase: 'Synced', digest: B });
    // The trouble of the tag is over, though the record is older than that.
    expect(world.types().filter((type) => type === 'image.verified')).toHaveLength(1);
  });

  it.each(['gate', 'pin'] as const)('is not announced under gate (%s)', async (effect) => {
    const world = await settledWorld({ effect });
    world.tags.set(IMAGE, C);
    world.put(OPEN);
    await run(world);
    expect(approvedIn(world)).toBe(`${B} ${A}`);
    const { imageToSync } = rsyncOf(world).annotations;
    expect(imageToSync?.endsWith(`@${effect === 'pin' ? B : A}`)).toBe(true);
    // Under gate it cannot become live before its tag names it again: that is nothing to be blamed for.
    world.pass(3_600_000);
    await run(world);
    expect((await world.row()).record.phase).toBe(effect === 'pin' ? 'Stalled' : 'Waiting');
  });

  it('is approved nowhere where it does not verify', async () => {
    const world = await settledWorld();
    world.tags.set(IMAGE, C);
    world.verdicts.set(B, UNSIGNED);
    world.put(OPEN);
    await run(world);
    expect(world.patches()).toBe(0);
    expect((await world.row()).record).toMatchObject({ phase: 'Pending', digest: B });
  });

  it('leaves the RSync unsettled where the registry does not answer', async () => {
    const world = await settledWorld();
    world.tags.set(IMAGE, C);
    const name = `${IMAGE.replace(':v1', '')}@${B}`;
    world.broken.set(name, new CountersignError('registry-unavailable', 'It is away'));
    world.put(OPEN);
    expect(await run(world)).toMatchObject({ unsettled: 1, patched: 0 });
  });
});

describe('the child of an index', () => {
  /** Signatures are on the index alone. */
  function signIndex(world: StagedWorld): StagedWorld {
    const { verifier } = world.deps;
    const verify: typeof verifier.verify = async (subject, policy, options) =>
      subject.digest === B && subject.index === undefined
        ? UNSIGNED
        : verifier.verify(subject, policy, options);
    world.children.set(INDEX, B).set(FORGED, C);
    return { ...world, deps: { ...world.deps, verifier: { verify } } };
  }

  it.each([
    ['is verified with that', { [B]: INDEX }, `${B} ${A}`],
    ['is not verified without', {}, A],
    ['is not verified with one that it is no child of', { [B]: FORGED }, A],
    ['is not verified with what is no digest', { [B]: 'latest' }, A],
    ['is not verified with one that is gone', { [B]: fakeDigest('3') }, A],
  ])('%s', async (_, indexes, approved) => {
    const world = signIndex(await settledWorld());
    world.tags.set(IMAGE, C);
    world.put({ ...OPEN, indexes });
    await run(world);
    expect(approvedIn(world)).toBe(approved);
    if (approved === A) return;
    const receipt = parseReceipt(rsyncOf(world).annotations.receipt.text);
    expect(receipt).toMatchObject({ digest: B, index: INDEX, rollout: { indexes } });
  });

  it('is verified with that of its tag', async () => {
    const world = signIndex(await settledWorld());
    world.tags.set(IMAGE, INDEX);
    world.put(OPEN);
    await run(world);
    expect(approvedIn(world)).toBe(`${B} ${A}`);
  });
});

describe('a chart', () => {
  const REPOSITORY = 'us-docker.pkg.dev/acme/charts/shop';
  const KEY = `${REPOSITORY}:1.1.0`;

  function chartWorld(track: string | undefined, digest: string): StagedWorld {
    const rule = track === undefined ? {} : { track };
    const rsync = buildRSync({ source: helmSource('1.0.0') });
    const world = createStagedWorld({ rsync, effect: 'pin', rule });
    for (const version of ['1.0.0', 'stable']) world.tags.set(`${REPOSITORY}:${version}`, A);
    world.tags.set(`${REPOSITORY}:1.1.0`, B);
    const { resolver } = world.deps;
    const version = { [A]: '1.0.0', [B]: '1.1.0' };
    const resolve: typeof resolver.resolve = async (reference, notBefore) => {
      const found = await resolver.resolve(reference, notBefore);
      const { image } = found;
      if (image.status !== 'resolved') return found;
      return { ...found, image: { ...image, version: version[image.digest] ?? '' } };
    };
    const fresh: typeof resolver.fresh = (reference) => resolve(reference, world.deps.now());
    const image = `${REPOSITORY}:${track ?? '1.0.0'}`;
    world.put({ ...OPEN, image, digest, previous: `${REPOSITORY}:1.0.0` });
    return { ...world, deps: { ...world.deps, resolver: { resolve, fresh } } };
  }

  it('goes to the version of the record, whatever the tracked tag names', async () => {
    const world = chartWorld('stable', KEY);
    await run(world);
    expect(rsyncOf(world).source).toMatchObject({ version: '1.1.0' });
    expect(approvedIn(world)).toBe(KEY);
    expect(parseReceipt(rsyncOf(world).annotations.receipt.text)).toMatchObject({
      digest: B,
      rollout: { digest: KEY },
    });
    expect((await world.row()).staged).toMatchObject({
      image: `${REPOSITORY}:stable`,
      digest: KEY,
      target: `${REPOSITORY}:1.0.0`,
    });
  });

  it('waits at the version that its spec names', async () => {
    const world = chartWorld(undefined, `${REPOSITORY}:1.0.0`);
    world.put({ image: `${REPOSITORY}:1.0.0`, digest: `${REPOSITORY}:1.0.0` });
    await run(world);
    expect(world.patches()).toBe(0);
    expect((await world.row()).record.phase).toBe('Waiting');
  });

  it.each([
    ['another chart', 'us-docker.pkg.dev/acme/charts/other:1.1.0'],
    ['another host', 'evil.example/acme/charts/shop:1.1.0'],
    ['a digest', B],
    ['no version', `${REPOSITORY}:stable`],
    ['nothing', ':'],
  ])('does not follow a record to %s', async (_, digest) => {
    const world = chartWorld('stable', digest);
    await run(world);
    expect(approvedIn(world)).toBeUndefined();
    expect((await world.row()).record.phase).toBe('Rejected');
    const asked = world.resolved.map((name) => parseReference(name).repository);
    expect([...new Set(asked)]).toEqual([REPOSITORY]);
  });

  it('and no image follows one to a chart', async () => {
    const world = await settledWorld();
    world.put({ ...OPEN, digest: KEY });
    await run(world);
    expect(approvedIn(world)).toBe(A);
    expect((await world.row()).record.phase).toBe('Rejected');
  });
});

describe('the phase of one that waits', () => {
  const denied = sourceError(liveStatus(A), B, '2002');
  const failing: SyncStatus = {
    ...liveStatus(A),
    sync: { ...liveStatus(A).sync, errors: [{ code: '2009', message: 'x' }], errorCount: 1 },
    syncing: { status: 'False', reason: 'Sync', message: 'Sync', errorCount: 1 },
  };
  const stalled: SyncStatus = {
    ...liveStatus(A),
    stalled: { status: 'True', reason: 'Validation', message: 'KNV1061', errorCount: 0 },
  };

  it.each<[string, SyncStatus, Phase, string | undefined, (world: StagedWorld) => void]>([
    ['what waits is refused', denied, 'Waiting', B, () => undefined],
    ['what runs fails', failing, 'Failed', A, () => undefined],
    ['Config Sync has stopped', stalled, 'Stalled', B, () => undefined],
    ['what runs was never approved', liveStatus(D), 'Unguarded', D, () => undefined],
    ['the tag names what is unsigned', denied, 'Pending', B, (w) => w.verdicts.set(B, UNSIGNED)],
    ['the tag names nothing', liveStatus(A), 'Rejected', undefined, (w) => w.tags.delete(IMAGE)],
    [
      'glass is broken for it',
      liveStatus(B),
      'Synced',
      B,
      (world) => annotate(world, { breakGlass: `${B} outage` }),
    ],
  ])('where %s', async (_, status, phase, about, prepare) => {
    const world = await settledWorld();
    world.put();
    prepare(world);
    report(world, A, { status });
    for (const minutes of [10, 20, 30]) {
      await run(world);
      world.pass(minutes * 60_000);
    }
    expect(world.patches()).toBe(0);
    const { record } = await world.row();
    expect(record.phase).toBe(phase);
    expect(record.digest).toBe(about);
  });

  it('is that of a pin that was put back', async () => {
    const world = await settledWorld({ effect: 'pin' });
    world.put();
    const { source } = buildRSync();
    report(world, A, { source, status: liveStatus(A) });
    await run(world);
    expect((await world.row()).record.phase).toBe('Blocked');
    expect(world.patches()).toBe(0);
  });

  it('is not that of what was reported of the other one', async () => {
    const world = await settledWorld({ effect: 'pin' });
    world.put();
    report(world, A, { status: stalled });
    await run(world);
    report(world, B, { status: { ...liveStatus(A), observedGeneration: 0 } });
    world.pass(60_000);
    await run(world);
    expect((await world.row()).record).toMatchObject({ phase: 'Approved', digest: A });
  });

  it('ends a failure that is over, though what waits is refused', async () => {
    const world = await settledWorld();
    world.put();
    report(world, A, { status: failing });
    await run(world);
    report(world, A, { status: denied });
    world.pass(60_000);
    await run(world);
    expect(world.types()).toEqual(['sync.failed', 'sync.recovered']);
    expect((await world.row()).record.phase).toBe('Waiting');
  });
});

describe('an RSync that is let in and cannot be approved', () => {
  it('is so since then, whatever digest it is let in to, until one is approved', async () => {
    const world = await settledWorld({ effect: 'pin' });
    const stuck = async () => (await world.row()).staged?.stuck;
    world.put();
    await run(world);
    expect(await stuck()).toBeUndefined();
    world.put(OPEN);
    world.verdicts.set(B, UNTRUSTED);
    world.pass(60_000);
    const since = world.deps.now().toISOString();
    await run(world);
    expect(await stuck()).toEqual({ since, on: B });
    world.put({ digest: C });
    world.pass(60_000);
    await run(world);
    expect(await stuck()).toEqual({ since });
    world.put({ ...OPEN, digest: C });
    world.verdicts.set(C, UNSIGNED);
    world.pass(60_000);
    await run(world);
    expect(await stuck()).toEqual({ since, on: C });
    world.verdicts.set(C, VERIFIED);
    world.pass(60_000);
    await run(world);
    expect(approvedIn(world)?.split(' ')[0]).toBe(C);
    expect(await stuck()).toBeUndefined();
  });

  it('may lack what its stage asks for as well', async () => {
    const stages = [stage('rest', { selects: () => true, signedBy: 'qa' })] as const;
    const world = await settledWorld({ strategy: { stages } });
    world.put({ status: 'completed' });
    await run(world);
    expect((await world.row()).staged).toMatchObject({ why: 'signature', stuck: { on: B } });
  });
});
