import { describe, expect, it } from 'vitest';
import { approvalKey } from '#shared/core/approval-key.ts';
import type { Source } from '#shared/core/rsync.ts';
import { IMAGE, helmSource, ociSource } from '#test/fixtures/rsync.ts';

const HEX = 'a'.repeat(64);
const CHART = 'us-docker.pkg.dev/acme/charts/shop';

describe('approvalKey()', () => {
  it.each<[string, Source, string, string | undefined]>([
    ['the digest of an image', ociSource(IMAGE), HEX, `sha256:${HEX}`],
    ['no digest: a git commit', ociSource(IMAGE), 'a'.repeat(40), undefined],
    ['no digest: a version', ociSource(IMAGE), '1.2.3', undefined],
    ['no digest: upper-case hex', ociSource(IMAGE), 'A'.repeat(64), undefined],
    ['chart and version', helmSource('1.2.3'), '1.2.3', `${CHART}:1.2.3`],
    ['a version with v', helmSource('v1.2.3'), 'v1.2.3', `${CHART}:v1.2.3`],
    ['pre-release and build', helmSource('1.2.3'), '1.2.3-rc.1+b5', `${CHART}:1.2.3-rc.1+b5`],
    ['no version: latest', helmSource('1.2.3'), 'latest', undefined],
    ['no version: the empty string', helmSource('1.2.3'), '', undefined],
    ['no version: a digest', helmSource('1.2.3'), HEX, undefined],
    ['no version: a range', helmSource('1.2.3'), '>=1.2.3 <2', undefined],
    ['no version: two keys in one', helmSource('1.2.3'), '1.2.3 sha256:a', undefined],
    ['no version: too long', helmSource('1.2.3'), `1.2.3-${'a'.repeat(128)}`, undefined],
    ['git', { type: 'other', sourceType: 'git' }, HEX, undefined],
    ['an unreadable source', { type: 'invalid', problem: 'spec.oci' }, HEX, undefined],
  ])('%s', (_, source, commit, key) => {
    expect(approvalKey(source, commit)).toBe(key);
  });

  it('distinguishes two charts of one repository, which image-to-sync does not', () => {
    expect(approvalKey(helmSource('1.2.3', 'shop'), '1.2.3')).not.toBe(
      approvalKey(helmSource('1.2.3', 'cart'), '1.2.3'),
    );
  });
});
