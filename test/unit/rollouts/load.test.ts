import { describe, expect, it } from 'vitest';
import { createFindRule } from '#shared/rollouts/find-rule.ts';
import { createFleets } from '#shared/rollouts/fleets.ts';
import { type Load, createLoad } from '#shared/rollouts/load.ts';
import { RULE } from '#test/fixtures/decision.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { NOW, iso, record, strategy } from '#test/fixtures/rollout.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { clusterRecord, member, row, snapshotOf } from '#test/fixtures/staged-rows.ts';

const OTHER = IMAGE.replace(':v1', ':v2');
const THIRD = IMAGE.replace(':v1', ':v3');
const NAMES = ['c1', 'c2', 'c3'];

/** Three clusters of the first stage, each with B approved and not live, of each image. */
function load(...images: readonly string[]): Load {
  const rows = images.map((image, n) =>
    row({
      image,
      sync: `RootSync/r${n}`,
      approved: [B, A],
      staged: { image, stage: 'canary', approvedAt: iso(-1_000) },
    }),
  );
  const snapshot = snapshotOf(
    NAMES.map((name) => member(name, 'canary')),
    NAMES.map((name) => clusterRecord(name, rows)),
  );
  const rules = { match: () => RULE, selects: () => true };
  const find = createFindRule(rules, { strategies: { of: () => strategy() } });
  const entries = images.map((image) => ({
    image,
    known: true,
    record: record({ image, digest: B }),
  }));
  return createLoad(entries, { fleets: createFleets(snapshot, rules), find, now: NOW });
}

describe('createLoad()', () => {
  it('counts what the roll-outs of other images have under way', () => {
    expect(load(IMAGE).elsewhere(IMAGE)).toBe(0);
    expect(load(IMAGE, OTHER, THIRD).elsewhere(IMAGE)).toBe(6);
    expect(load(OTHER, THIRD).elsewhere(IMAGE)).toBe(6);
  });

  it('goes by the newest record, and counts none that has ended', () => {
    const all = load(IMAGE, OTHER);
    expect(all.elsewhere(IMAGE)).toBe(3);
    all.count(record({ image: OTHER, digest: A }));
    expect(all.elsewhere(IMAGE)).toBe(0);
    all.count(record({ image: OTHER, digest: B }));
    expect(all.elsewhere(IMAGE)).toBe(3);
    all.count(record({ image: OTHER, digest: B, status: 'completed' }));
    expect(all.elsewhere(IMAGE)).toBe(0);
    all.count(record({ image: OTHER, digest: B, status: 'rolling-back', kind: 'rollback' }));
    expect(all.elsewhere(IMAGE)).toBe(3);
  });
});
