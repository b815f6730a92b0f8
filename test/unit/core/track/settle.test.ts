import { describe, expect, it } from 'vitest';
import { highestOf, settle } from '#shared/core/track/choose.ts';
import { createTracker } from '#shared/core/track/tracker.ts';

const tracker = createTracker({ semver: '*', prereleases: true });
const [a, b] = ['sha256:a', 'sha256:b'];

function named(tag: string, digest: string) {
  return { tag, version: tag.replace(/^v|\+.*$/g, ''), digest };
}

describe('settle()', () => {
  it('takes tags of one version and one digest for one', () => {
    expect(settle([named('1.2.3', a), named('v1.2.3', a)], tracker)).toEqual(named('1.2.3', a));
  });

  it('names tags of one version that name two digests', () => {
    expect(settle([named('1.2.3', a), named('v1.2.3', b)], tracker)).toEqual({
      ambiguous: ['1.2.3', 'v1.2.3'],
    });
  });

  it('holds another tag of the version that was taken to its digest', () => {
    const taken = { tag: '1.2.3', version: '1.2.3', digest: a };
    expect(settle([named('v1.2.3', b)], tracker, taken)).toEqual({
      ambiguous: ['v1.2.3', '1.2.3'],
    });
    expect(settle([named('v1.2.3', a)], tracker, taken)).toEqual(named('v1.2.3', a));
  });

  it('follows the tag that was taken where it was pushed again', () => {
    const taken = { tag: '1.2.3', version: '1.2.3', digest: a };
    expect(settle([named('1.2.3', b)], tracker, taken)).toEqual(named('1.2.3', b));
  });

  it('finds nothing where all tags have vanished', () => {
    expect(settle([], tracker)).toBeUndefined();
  });
});

describe('highestOf()', () => {
  it('leaves out what is no version of this order', () => {
    const one = { tag: '1.0.0', version: '1.0.0' };
    const two = { tag: '2.0.0', version: '2.0.0' };
    const date = { tag: 'main-1', version: 'main' };
    expect(highestOf([one, date, undefined, two], tracker)).toEqual(two);
    expect(highestOf([date], tracker)).toBeUndefined();
  });
});
