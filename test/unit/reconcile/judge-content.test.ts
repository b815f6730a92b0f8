import { describe, expect, it } from 'vitest';
import { createContentVerifier } from '#shared/content/content-verifier.ts';
import { type ContentRule, DEFAULT_CONTENT } from '#shared/core/content.ts';
import { parseReference } from '#shared/core/reference.ts';
import { approveDigestAhead } from '#shared/reconcile/approve-digest-ahead.ts';
import { readerOf } from '#test/fixtures/content-world.ts';
import { UNSIGNED, VERIFIED } from '#test/fixtures/decision.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { rsyncOf, run, TASK } from '#test/fixtures/reconcile-run.ts';
import { createReconcileWorld, type ReconcileWorld } from '#test/fixtures/reconcile-world.ts';
import { buildRSync, IMAGE } from '#test/fixtures/rsync.ts';
import { tarOf, type TarSpec, yamlAt } from '#test/fixtures/tar-builder.ts';

const SYNCS = ['prod', 'staging'].map((dir) =>
  buildRSync({
    uid: dir,
    ref: { kind: 'RepoSync', namespace: dir, name: 'repo-sync' },
    source: { type: 'oci', image: IMAGE, reference: parseReference(IMAGE), dir },
  }),
);
const ONE_FOLDER = [{ name: 'prod/' }, yamlAt('prod/a.yaml')];

/** A RepoSync on each of two folders of one image, which is signed and has these entries. */
function worldOf(entries: readonly TarSpec[], rule: Partial<ContentRule> = {}): ReconcileWorld {
  const made = createReconcileWorld({ clusters: { 'cluster-1': SYNCS } });
  made.tags.set(IMAGE, A);
  for (const digest of [A, B]) made.verdicts.set(digest, VERIFIED);
  const verifier = createContentVerifier({
    verifier: made.deps.verifier,
    content: readerOf([tarOf(...entries)]),
    ruleOf: () => ({ ...DEFAULT_CONTENT, ...rule }),
    now: () => made.deps.now().getTime(),
  });
  return { ...made, deps: { ...made.deps, verifier } };
}

function approved(made: ReconcileWorld, dir: string): string | undefined {
  return rsyncOf(made, 'cluster-1', `RepoSync/${dir}/repo-sync`).annotations.approved.text;
}

describe('a folder that has nothing to apply', () => {
  it('keeps the digest from the RSync that takes it, and from no other', async () => {
    const made = worldOf(ONE_FOLDER);
    await run(made, { ...TASK, reason: 'sweep' });
    expect(approved(made, 'prod')).toBe(A);
    expect(approved(made, 'staging')).toBeUndefined();
    const record = await made.deps.store.readCluster('cluster-1');
    expect(record?.syncs.map(({ uid, record: { phase } }) => [uid, phase])).toEqual(
      expect.arrayContaining([
        ['prod', 'Approved'],
        ['staging', 'Rejected'],
      ]),
    );
  });

  it('leaves the verdict of the image as it is, sweep after sweep', async () => {
    const made = worldOf(ONE_FOLDER);
    for (const _ of [1, 2, 3]) {
      await run(made, { ...TASK, reason: 'sweep' });
      made.pass(10_000);
    }
    const images = made.types().filter((type) => type.startsWith('image.'));
    expect(images).toEqual(['image.verified']);
  });

  it('is approved where the config means it', async () => {
    const made = worldOf(ONE_FOLDER, { empty: 'allow' });
    await run(made);
    expect(approved(made, 'staging')).toBe(A);
  });

  it('is not approved ahead of its tag either', async () => {
    const made = worldOf(ONE_FOLDER);
    const task = { ...TASK, reason: 'resync', image: IMAGE, digest: B } as const;
    expect(await approveDigestAhead(task, made.deps)).toBe(1);
    expect(approved(made, 'prod')).toBe(B);
    expect(approved(made, 'staging')).toBeUndefined();
  });
});

describe('an image with an entry that leads out', () => {
  it.each([
    ['signed', VERIFIED],
    ['unsigned', UNSIGNED],
  ])('%s is approved nowhere, and an ERROR once', async (_, verdict) => {
    const made = worldOf([...ONE_FOLDER, yamlAt('../a.yaml')]);
    made.verdicts.set(A, verdict);
    for (let round = 0; round < 2; round += 1) await run(made, { ...TASK, reason: 'sweep' });
    expect([approved(made, 'prod'), approved(made, 'staging')]).toEqual([undefined, undefined]);
    expect(made.events.filter(({ type }) => type.startsWith('image.'))).toMatchObject([
      { type: 'image.unusable', severity: 'ERROR', data: { reasons: ['unsafe-entry'], digest: A } },
    ]);
  });

  it('takes nothing from a digest that was approved before, and says so', async () => {
    const made = worldOf(ONE_FOLDER);
    await run(made);
    const hostile = createContentVerifier({
      verifier: made.deps.verifier,
      content: readerOf([tarOf(yamlAt('../a.yaml'))]),
      ruleOf: () => DEFAULT_CONTENT,
      now: () => 0,
    });
    made.pass(10_000);
    await run({ ...made, deps: { ...made.deps, verifier: hostile } }, { ...TASK, reason: 'sweep' });
    expect(approved(made, 'prod')).toBe(A);
    const record = await made.deps.store.readCluster('cluster-1');
    const phases = record?.syncs.map(({ record: { phase } }) => phase);
    expect(phases).toEqual(['Rejected', 'Rejected']);
  });
});
