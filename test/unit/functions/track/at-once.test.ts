import { describe, expect, it } from 'vitest';
import { UNSIGNED } from '#test/fixtures/decision.ts';
import { severityOf } from '#shared/status/events.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
import { buildRSync, helmSource, ociSource } from '#test/fixtures/rsync.ts';
import {
  REPOSITORY,
  STREAM,
  createSettledWorld,
  createTrackedWorld,
} from '#test/fixtures/tracked-world.ts';

const CHART = 'us-docker.pkg.dev/acme/charts/shop';

describe('versions that are followed, without a strategy', () => {
  it('finds the best by the first listing, and pins it without a tag', async () => {
    const world = await createTrackedWorld();
    await world.tag('1.4.0', B, { lost: true });
    await world.tag('1.4.1', A, { lost: true });
    await world.tag('2.0.0', C, { lost: true });
    await world.round();
    expect((await world.row())?.record.phase).toBe('Pending');
    await world.round();
    expect(world.specOf()).toBe(`${REPOSITORY}@${A}`);
    expect(world.receiptOf()).toMatchObject({
      image: `${REPOSITORY}:1.4.1`,
      digest: A,
      version: '1.4.1',
      pin: 'written',
    });
    expect(world.published('sync.approved')).toMatchObject([
      { data: { image: `${REPOSITORY}:1.4.1`, release: '1.4.1', digest: A } },
    ]);
    expect(await world.row()).toMatchObject({
      image: STREAM,
      tracked: { kind: 'image', release: { tag: '1.4.1', version: '1.4.1' } },
    });
    expect(world.listings()).toBe(1);
  });

  it('pins without the tag that the spec had, and leaves a digest that is right already', async () => {
    const world = await createTrackedWorld({ rsync: buildRSync() });
    await world.tag('1.4.1', A, { lost: true });
    await world.round();
    await world.round();
    expect(world.specOf()).toBe(`${REPOSITORY}@${A}`);
    const pinned = buildRSync({ source: ociSource(`${REPOSITORY}:v1@${A}`) });
    const other = await createTrackedWorld({ rsync: pinned });
    await other.tag('1.4.1', A, { lost: true });
    await other.round();
    await other.round();
    expect(other.specOf()).toBe(`${REPOSITORY}:v1@${A}`);
    expect(other.receiptOf()).toMatchObject({ version: '1.4.1' });
  });

  it('moves a chart to the version of its tag, with its build part', async () => {
    const source = helmSource('1.0.0');
    const world = await createTrackedWorld({ rsync: buildRSync({ source }), repository: CHART });
    await world.tag('1.4.1_b7', A, { lost: true });
    await world.tag('1.4.0', B, { lost: true });
    await world.round();
    await world.round();
    expect(world.specOf()).toBe('1.4.1+b7');
    expect(world.receiptOf()).toMatchObject({
      image: `${CHART}:1.4.1_b7`,
      version: '1.4.1+b7',
      enforcement: 'version',
    });
    expect((await world.row())?.approved).toEqual([`${CHART}:1.4.1+b7`]);
    await world.tag('1.5.0', B);
    await world.deliver();
    expect(world.specOf()).toBe('1.5.0');
    await world.round();
    expect((await world.row())?.tracked).toEqual({
      kind: 'chart',
      release: { tag: '1.5.0', version: '1.5.0' },
    });
  });

  it('takes a higher version by its push, without a listing', async () => {
    const world = await createSettledWorld();
    await world.tag('1.5.0', B);
    await world.deliver();
    expect(world.specOf()).toBe(`${REPOSITORY}@${B}`);
    expect(world.receiptOf()).toMatchObject({ version: '1.5.0', digest: B });
    expect(world.listings()).toBe(1);
  });

  it.each([
    ['deny', 'WARNING'],
    ['warn', 'WARNING'],
    ['allow', 'INFO'],
  ] as const)(
    'takes an old digest as a higher version under %s, with severity %s',
    async (downgrade, severity) => {
      const world = await createSettledWorld({ rule: { downgrade } });
      await world.tag('1.5.0', B);
      await world.deliver();
      await world.tag('1.6.0', A);
      await world.deliver();
      expect(world.specOf()).toBe(`${REPOSITORY}@${A}`);
      const approvals = world.published('sync.approved');
      expect(approvals.map(severityOf)).toEqual(['INFO', severity]);
      expect(approvals.at(-1)?.data.message).toBe(
        severity === 'INFO'
          ? 'Approved'
          : 'Approved; 1.6.0 names a digest that an older version had',
      );
    },
  );

  it('tasks no cluster for a lower version, for another range, or for what is no version', async () => {
    const world = await createSettledWorld();
    for (const tag of ['1.3.9', '2.0.0', '1.5.0-rc.1', 'latest', '20261129'])
      await world.tag(tag, B);
    expect(world.tasks).toEqual([]);
    expect(world.published('image.verified')).toEqual([]);
  });

  it('lists once in each period, and finds a version whose push was lost', async () => {
    const world = await createSettledWorld();
    await world.tag('1.5.0', B, { lost: true });
    for (let minute = 0; minute < 30; minute += 1) await world.round();
    expect(world.specOf()).toBe(`${REPOSITORY}@${B}`);
    expect(world.listings()).toBeLessThanOrEqual(3);
  });

  it('stays on what was taken where its tag vanishes, and says so', async () => {
    const world = await createSettledWorld();
    await world.tag('1.4.0', B, { lost: true });
    world.tags.delete(`${REPOSITORY}:1.4.1`);
    for (let minute = 0; minute < 31; minute += 1) await world.round();
    expect(world.specOf()).toBe(`${REPOSITORY}@${A}`);
    expect(await world.row()).toMatchObject({
      record: { phase: 'Synced' },
      tracked: { why: 'lower' },
      message: expect.stringContaining('1.4.1 stays: the highest that is listed is 1.4.0'),
    });
    world.tags.clear();
    for (let minute = 0; minute < 31; minute += 1) await world.round();
    expect(world.specOf()).toBe(`${REPOSITORY}@${A}`);
    expect((await world.row())?.tracked?.why).toBe('none');
  });

  it('decides nothing by a listing that was cut', async () => {
    const world = await createSettledWorld();
    await world.tag('1.5.0', B, { lost: true });
    world.cut(true);
    for (let minute = 0; minute < 31; minute += 1) await world.round();
    expect(world.specOf()).toBe(`${REPOSITORY}@${A}`);
    expect((await world.row())?.tracked?.why).toBe('cut');
    const [last] = world.published('sweep.completed').slice(-16);
    expect(JSON.stringify(world.published('sweep.completed'))).toContain('has more tags than');
    expect(last).toBeDefined();
  });

  it('does not follow the tag of a version back to a digest that it has replaced', async () => {
    const world = await createSettledWorld();
    await world.tag('1.4.1', B);
    await world.deliver();
    world.pull();
    await world.round();
    expect(world.specOf()).toBe(`${REPOSITORY}@${B}`);
    await world.tag('1.4.1', A);
    for (let minute = 0; minute < 20; minute += 1) await world.round();
    expect(world.specOf()).toBe(`${REPOSITORY}@${B}`);
    expect(world.receiptOf()).toMatchObject({ version: '1.4.1', digest: B });
    expect((await world.row())?.message).toContain('its tag moved back');
  });

  it('goes down where the config lets it, and warns', async () => {
    const world = await createSettledWorld({ rule: { downgrade: 'warn' } });
    await world.tag('1.4.0', B, { lost: true });
    world.tags.delete(`${REPOSITORY}:1.4.1`);
    for (let minute = 0; minute < 31; minute += 1) await world.round();
    expect(world.receiptOf()).toMatchObject({ version: '1.4.0', digest: B });
    expect(world.published('sync.approved')).toMatchObject([{ severity: 'WARNING' }]);
  });

  it('waits for the signature of the best, and takes no second best', async () => {
    const world = await createSettledWorld();
    await world.tag('1.4.2', C, { lost: true });
    await world.tag('1.5.0', B, { unsigned: true });
    // What is not verified tasks no cluster: each finds it at its own turn.
    for (let minute = 0; minute < 16; minute += 1) await world.round();
    expect(world.specOf()).toBe(`${REPOSITORY}@${A}`);
    expect((await world.row())?.record.phase).toBe('Pending');
    expect(world.published('image.unsigned')).toMatchObject([
      { data: { image: `${REPOSITORY}:1.5.0`, release: '1.5.0' } },
    ]);
    await world.sign(B, '1.5.0');
    await world.deliver();
    expect(world.specOf()).toBe(`${REPOSITORY}@${B}`);
  });

  it('skips what is not verified where the config says so, and reports it', async () => {
    const world = await createSettledWorld({ rule: { unverified: 'skip' } });
    await world.tag('1.4.2', C);
    await world.deliver();
    world.verdicts.set(B, UNSIGNED);
    await world.tag('1.5.0', B, { unsigned: true });
    await world.tag('1.4.3', A);
    for (let minute = 0; minute < 3; minute += 1) await world.round();
    expect(world.receiptOf()).toMatchObject({ version: '1.4.3' });
    expect((await world.row())?.message).toContain('skipped as not verified: 1.5.0');
  });

  it('judges the tag that is left of a version, where another one of it has vanished', async () => {
    const world = await createSettledWorld({ rule: { unverified: 'skip' } });
    await world.tag('1.5.0', B, { lost: true });
    await world.tag('v1.5.0', B, { lost: true });
    for (let minute = 0; minute < 15; minute += 1) await world.round();
    const note = await world.deps.store.readNote('track', `image ${REPOSITORY}`);
    expect(note?.candidates.map(({ tag }) => tag)).toEqual(['1.5.0', 'v1.5.0', '1.4.1']);
    world.tags.delete(`${REPOSITORY}:1.5.0`);
    world.tasks.push({ cluster: 'cluster-1', reason: 'resync' });
    await world.deliver();
    expect(world.receiptOf()).toMatchObject({ image: `${REPOSITORY}:v1.5.0`, digest: B });
  });

  it('guesses nothing where one version names two digests', async () => {
    const world = await createSettledWorld();
    await world.tag('1.5.0', B, { lost: true });
    await world.tag('v1.5.0', C, { lost: true });
    for (let minute = 0; minute < 31; minute += 1) await world.round();
    expect(world.specOf()).toBe(`${REPOSITORY}@${A}`);
    expect(await world.row()).toMatchObject({
      record: { phase: 'Rejected' },
      message: expect.stringContaining('1.5.0 and v1.5.0 are one version and not one digest'),
    });
    world.tags.set(`${REPOSITORY}:v1.5.0`, B);
    await world.round();
    expect(world.specOf()).toBe(`${REPOSITORY}@${B}`);
  });

  it('gives a newcomer what the others have taken, though its tag has vanished', async () => {
    const world = await createTrackedWorld({
      clusters: { 'cluster-1': {}, 'cluster-2': { late: '' } },
    });
    const late = world.clusters.cluster('cluster-2');
    late.down = 'cluster-unreachable';
    await world.tag('1.4.0', B, { lost: true });
    await world.tag('1.4.1', A, { lost: true });
    await world.round();
    await world.round();
    world.pull();
    world.tags.delete(`${REPOSITORY}:1.4.1`);
    for (let minute = 0; minute < 20; minute += 1) await world.round();
    delete late.down;
    for (let minute = 0; minute < 3; minute += 1) await world.round();
    expect(world.receiptOf('cluster-2')).toMatchObject({ version: '1.4.1', digest: A });
  });

  it('forgets what was listed for another range', async () => {
    const world = await createSettledWorld();
    const note = await world.deps.store.readNote('track', `image ${REPOSITORY}`);
    if (note === undefined) throw new Error('Nothing was listed');
    await world.deps.store.writeNote('track', `image ${REPOSITORY}`, {
      ...note,
      track: 'another',
      candidates: [{ tag: '9.9.9', version: '9.9.9' }],
    });
    world.tasks.push({ cluster: 'cluster-1', reason: 'resync' });
    await world.deliver();
    expect((await world.row())?.tracked).toMatchObject({
      release: { tag: '1.4.1' },
      why: 'unlisted',
    });
    await world.round();
    expect(world.listings()).toBe(2);
    expect(world.specOf()).toBe(`${REPOSITORY}@${A}`);
  });
});
