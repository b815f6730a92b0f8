import { describe, expect, it } from 'vitest';
import { explainIgnored } from '#shared/core/ignored.ts';
import { RULE } from '#test/fixtures/decision.ts';
import { IMAGE, helmSource, ociSource } from '#test/fixtures/rsync.ts';

const NONE = { deleting: false, rule: undefined, unmatched: 'deny' } as const;
const GIT = { type: 'other', sourceType: 'git' } as const;
const BAD = { type: 'invalid', problem: 'spec.oci.image: has no host' } as const;

describe('explainIgnored()', () => {
  it.each([
    ['an image that no entry names', ociSource(IMAGE), NONE],
    ['a chart that no entry names', helmSource('1.2.3'), NONE],
    ['a source that cannot be read', BAD, NONE],
    [
      'an image of other clusters',
      ociSource(IMAGE),
      { ...NONE, unmatched: 'ignore', rule: { ...RULE, clusters: 'tier != sandbox' } },
    ],
  ] as const)('says that the gate refuses %s', (_, source, context) => {
    expect(explainIgnored(source, context)).toContain('the gate refuses');
  });

  it.each([
    ['git', GIT, NONE],
    [
      'an image that the gate is told to leave alone',
      ociSource(IMAGE),
      { ...NONE, unmatched: 'ignore' },
    ],
    ['what is being deleted', ociSource(IMAGE), { ...NONE, deleting: true }],
  ] as const)('says nothing of the gate for %s', (_, source, context) => {
    expect(explainIgnored(source, context)).not.toContain('gate');
  });

  it('names the field that cannot be read, and the entry that leaves this cluster out', () => {
    expect(explainIgnored(BAD, NONE)).toContain('spec.oci.image');
    const rule = { ...RULE, clusters: 'tier != sandbox' };
    const text = explainIgnored(ociSource(IMAGE), { ...NONE, rule });
    expect(text).toContain(`${RULE.match} (tier != sandbox)`);
  });
});
