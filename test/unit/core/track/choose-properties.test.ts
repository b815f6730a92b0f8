import { describe, expect, it } from 'vitest';
import { type Choice, type Taken, choose } from '#shared/core/track/choose.ts';
import { createShortlist } from '#shared/core/track/shortlist.ts';
import type { Tracker } from '#shared/core/track/track.ts';
import { createTracker } from '#shared/core/track/tracker.ts';
import { fc } from '#test/fixtures/fast-check.ts';

const tracker = createTracker({ semver: '*', prereleases: true });
const numbered = createTracker({ pattern: '^(?<n>.*)$', order: 'numerical' }, () => ({
  match: (tag) => ({ value: tag }),
}));

const part = fc.nat({ max: 4 });
const prerelease = fc.constantFrom('', '', '', '-rc.1', '-rc.2', '-rc10', '-0');
const build = fc.constantFrom('', '', '_a', '_b', '_c');
const version = fc
  .tuple(fc.constantFrom('', 'v'), part, part, part, prerelease, build)
  .map(([v, major, minor, patch, pre, of]) => `${v}${major}.${minor}.${patch}${pre}${of}`);
const junk = fc.constantFrom('latest', '1.2', '20261129', 'sha256-ab.sig', 'v', '1.2.3.4');
const tags = fc.array(fc.oneof({ weight: 5, arbitrary: version }, junk), { maxLength: 40 });

function pick(listed: readonly string[], taken: Taken | undefined, by: Tracker): Choice {
  // A chart's tags have build parts, which no order knows.
  const shortlist = createShortlist(by, 'chart');
  for (const tag of listed) shortlist.add({ tag });
  return choose({ ...shortlist.end(), complete: true }, by, { taken });
}

/** What runs after a choice: what is taken, or what was there. */
function after(choice: Choice): Taken | undefined {
  if (choice.status === 'keep') return choice.taken;
  return choice.status === 'take' ? choice.groups[0]?.[0] : undefined;
}

describe('choose()', () => {
  it.each([
    ['versions', tracker],
    ['numbers', numbered],
  ])('never goes down, whatever is listed one after the other: %s', (_, by) => {
    const numbers = fc.array(fc.nat({ max: 99 }).map(String), { maxLength: 20 });
    const listings = fc.array(by === tracker ? tags : numbers, { maxLength: 12 });
    fc.assert(
      fc.property(listings, (all) => {
        let taken: Taken | undefined;
        for (const listed of all) {
          const next = after(pick(listed, taken, by));
          const before = taken?.version;
          const order = before === undefined ? 0 : by.compare(next?.version ?? '', before);
          expect(order).toBeGreaterThanOrEqual(0);
          taken = next;
        }
      }),
    );
  });

  it('chooses the same whatever the order in which tags are listed', () => {
    const shuffled = tags.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    fc.assert(
      fc.property(shuffled, ([all, other]) => {
        expect(pick(other, undefined, tracker)).toEqual(pick(all, undefined, tracker));
      }),
    );
  });

  it('stays on what was taken whichever tags vanish', () => {
    const vanishing = tags.chain((all) => fc.tuple(fc.constant(all), fc.subarray(all)));
    fc.assert(
      fc.property(vanishing, ([all, left]) => {
        const taken = after(pick(all, undefined, tracker));
        const later = after(pick(left, taken, tracker));
        if (taken === undefined) return;
        expect(tracker.compare(later?.version ?? '', taken.version)).toBe(0);
      }),
    );
  });

  it('takes the highest that any order of comparison finds', () => {
    fc.assert(
      fc.property(tags, (all) => {
        const versions = all.flatMap((tag) => {
          const read = tracker.read(tag, 'chart');
          return typeof read === 'string' ? [] : [read.version];
        });
        const found = after(pick(all, undefined, tracker))?.version;
        for (const one of versions) {
          expect(tracker.compare(found ?? '', one)).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  it('decides nothing by a listing that was cut, or is not there', () => {
    const taken = { tag: '1.0.0', version: '1.0.0' };
    const listed = { candidates: [{ tag: '2.0.0', version: '2.0.0' }], complete: false };
    expect(choose(listed, tracker)).toEqual({ status: 'none', why: 'cut' });
    expect(choose(listed, tracker, { taken })).toEqual({ status: 'keep', taken, why: 'cut' });
    expect(choose(undefined, tracker, { taken })).toEqual({
      status: 'keep',
      taken,
      why: 'unlisted',
    });
  });

  it('goes down only where that is allowed, and says that it does', () => {
    const taken = { tag: '2.0.0', version: '2.0.0' };
    const best = { tag: '1.9.0', version: '1.9.0' };
    const listed = { candidates: [best], complete: true };
    expect(choose(listed, tracker, { taken })).toEqual({
      status: 'keep',
      taken,
      why: 'lower',
      best,
    });
    expect(choose(listed, tracker, { taken, mayGoDown: true })).toEqual({
      status: 'take',
      groups: [[best]],
      down: true,
    });
  });

  it('takes what another kind of order cannot compare', () => {
    const taken = { tag: 'main-20261129', version: '20261129' };
    const best = { tag: '1.9.0', version: '1.9.0' };
    const listed = { candidates: [best], complete: true };
    expect(choose(listed, tracker, { taken })).toMatchObject({ status: 'take' });
  });
});
