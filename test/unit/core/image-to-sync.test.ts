import { describe, expect, it } from 'vitest';
import { hexOf } from '#shared/core/digest.ts';
import { formatImageToSync, parseImageToSync } from '#shared/core/annotations.ts';
import { A, B } from '#test/fixtures/digests.ts';

const OCI = 'us-docker.pkg.dev/acme/configs/platform:v1';

describe('parseImageToSync()', () => {
  it.each([
    ['a tag', `${OCI}@${A}`, { source: OCI, commit: hexOf(A) }],
    ['an image pinned by digest', `x@${A}@${B}`, { source: `x@${A}`, commit: hexOf(B) }],
    [
      'a Helm chart',
      'oci://us-docker.pkg.dev/p/charts@sha256:1.2.3',
      { source: 'oci://us-docker.pkg.dev/p/charts', commit: '1.2.3' },
    ],
  ])('reads the form of %s from the right', (_, value, expected) => {
    expect(parseImageToSync(value)).toEqual(expected);
  });

  it.each([[''], ['@sha256:abc'], [OCI], [`${OCI}@sha256:`], [`${OCI}@sha512:abc`], [`${OCI}@`]])(
    'has no answer for %j',
    (value) => {
      expect(parseImageToSync(value)).toBeUndefined();
    },
  );
});

describe('formatImageToSync()', () => {
  it('appends the digest to the image verbatim, as Config Sync does', () => {
    expect(formatImageToSync(`x@${A}`, B)).toBe(`x@${A}@${B}`);
  });
});
