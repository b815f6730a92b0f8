import { describe, expect, it } from 'vitest';
import { explainUnfollowed } from '#shared/core/unfollowed.ts';
import { RULE } from '#test/fixtures/decision.ts';
import { IMAGE, helmSource, ociSource } from '#test/fixtures/rsync.ts';

const NONE = { rule: undefined, unmatched: 'deny', otherSources: 'deny' } as const;
const OPEN = { rule: undefined, unmatched: 'ignore', otherSources: 'ignore' } as const;
const EXCLUDING = { ...RULE, clusters: 'tier != sandbox' };
const GIT = { type: 'other', sourceType: 'git' } as const;
const BAD = { type: 'invalid', problem: 'spec.oci.image: has no host' } as const;

describe('explainUnfollowed()', () => {
  it.each([
    ['an image that no entry names', ociSource(IMAGE), NONE, 'images'],
    ['a chart that no entry names', helmSource('1.2.3'), NONE, 'images'],
    ['a git source', GIT, NONE, 'otherSources: deny'],
    ['a source that cannot be read', BAD, OPEN, 'spec.oci.image'],
    [
      'an image of other clusters',
      ociSource(IMAGE),
      { ...OPEN, rule: EXCLUDING },
      `${RULE.match} (tier != sandbox)`,
    ],
  ] as const)('is Refused for %s, and names what helps', (_, source, context, named) => {
    const { phase, message } = explainUnfollowed(source, context);
    expect(phase).toBe('Refused');
    expect(message).toContain('the gate refuses');
    expect(message).toContain(named);
  });

  it.each([
    ['git', GIT],
    ['an image that no entry names', ociSource(IMAGE)],
    ['a chart that no entry names', helmSource('1.2.3')],
  ] as const)('is Ignored for %s, where the config leaves it alone', (_, source) => {
    expect(explainUnfollowed(source, OPEN)).toMatchObject({
      phase: 'Ignored',
      message: expect.not.stringContaining('gate'),
    });
  });
});
