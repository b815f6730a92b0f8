import { describe, expect, it } from 'vitest';
import { choose } from '#shared/core/track/choose.ts';
import { loadPatterns } from '#shared/config/tag-patterns.ts';
import { createShortlist } from '#shared/core/track/shortlist.ts';
import { createTracker } from '#shared/core/track/tracker.ts';
import { REPORTED_CASES, type ReportedCase } from './reported-cases.ts';

const compile = await loadPatterns();

function chosenIn({ track, kind = 'image', tags, taken, cut }: ReportedCase): string {
  const tracker = createTracker(track, compile);
  const shortlist = createShortlist(tracker, kind);
  for (const tag of tags) shortlist.add({ tag });
  const before = taken === undefined ? undefined : tracker.read(taken, kind);
  if (typeof before === 'string') throw new TypeError(`${taken} is ${before}`);
  const listed = { ...shortlist.end(), complete: cut !== true };
  const choice = choose(listed, tracker, { taken: before });
  if (choice.status !== 'take') return choice.status === 'keep' ? 'kept' : 'none';
  return choice.groups[0]?.[0]?.tag ?? 'none';
}

describe('choose(), of what users of other programs reported', () => {
  it.each(REPORTED_CASES.map((one) => [one.thread, one.name, one] as const))(
    '%s: %s',
    (_thread, _name, reported) => {
      expect(chosenIn(reported)).toBe(reported.right);
    },
  );
});
