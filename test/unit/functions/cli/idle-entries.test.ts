import { describe, expect, it } from 'vitest';
import { idleEntries } from '#functions/cli/preflight/idle-entries.ts';
import { exitCodeOf } from '#functions/cli/preflight/report.ts';
import { viewPreflight } from '#functions/cli/screens/preflight.ts';
import { linesOf } from '#test/fixtures/lines-of.ts';
import { parseReference } from '#shared/core/reference.ts';
import { RULE } from '#test/fixtures/decision.ts';
import { follow } from '#shared/reconcile/follow.ts';
import { createImageRules } from '#shared/config/image-rules.ts';
import { buildRSync, IMAGE } from '#test/fixtures/rsync.ts';

const { repository } = parseReference(IMAGE);
const good = { ...RULE, match: repository };
const wrong = { ...RULE, match: repository.replace('platform', 'platfrom') };

/** What preflight finds of entries over a fleet of one RSync. */
function idleOf(...images: readonly (typeof RULE)[]) {
  const found = follow(buildRSync(), createImageRules(images), {});
  return idleEntries(images, found === undefined ? [] : [found], [repository]);
}

describe('an entry that nothing follows', () => {
  it.each([
    [
      'that is written wrong',
      [wrong],
      [{ at: 0, match: wrong.match, hint: `did you mean ${repository}?` }],
    ],
    ['beside one that is followed', [good, wrong], [{ at: 1, match: wrong.match }]],
    ['is none where each is followed', [good], []],
    // The first entry that matches decides.
    ['behind one that takes its images', [good, { ...good }], [{ at: 1, match: repository }]],
  ])('%s', (_, images, expected) => {
    expect(idleOf(...images)).toEqual(expected);
  });

  it('is 1, and has a line', () => {
    const idle = idleOf(wrong);
    const report = { clusters: [], unlisted: [], idle };
    expect(exitCodeOf(report)).toBe(1);
    // All that the fleet has is followed: the entry may be for what is to come.
    expect(exitCodeOf({ ...report, idle: idleOf(good, wrong) })).toBe(0);
    expect(linesOf(viewPreflight(report))).toContain(
      `images[0]: no RSync follows ${wrong.match}: did you mean ${repository}?`,
    );
  });
});
