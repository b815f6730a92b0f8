import { describe, expect, it } from 'vitest';
import { parseManifestReference, requireName } from '#infra/local/registry/request.ts';

const HEX = 'ab'.repeat(32);

describe('requireName()', () => {
  it.each(['a', 'acme/configs/platform', 'a.b/c_d/e__f/g--h', 'a'.repeat(255)])(
    'takes %s',
    (name) => {
      expect(requireName(name)).toBe(name);
    },
  );

  it.each(['', 'A', 'a/', '/a', 'a//b', 'a/.b', 'a..b', 'a___b', 'ä', 'a b', 'a'.repeat(256)])(
    'refuses "%s"',
    (name) => {
      expect(() => requireName(name)).toThrow(expect.objectContaining({ code: 'NAME_INVALID' }));
    },
  );
});

describe('parseManifestReference()', () => {
  it.each([
    [`sha256:${HEX}`, { digest: `sha256:${HEX}` }],
    [`sha512:${HEX}${HEX}`, { digest: `sha512:${HEX}${HEX}` }],
    ['v1', { tag: 'v1' }],
    [`sha256-${HEX}.sig`, { tag: `sha256-${HEX}.sig` }],
    ['_', { tag: '_' }],
  ])('reads %s', (text, reference) => {
    expect(parseManifestReference(text, 'MANIFEST_INVALID')).toEqual(reference);
  });

  it.each([
    [`sha256:${HEX.toUpperCase()}`, 'DIGEST_INVALID'],
    [`sha512:${HEX}`, 'DIGEST_INVALID'],
    [`sha256:${HEX}${HEX}`, 'DIGEST_INVALID'],
    ['sha256:', 'DIGEST_INVALID'],
    ['-v1', 'MANIFEST_INVALID'],
    ['v 1', 'MANIFEST_INVALID'],
    ['v'.repeat(129), 'MANIFEST_INVALID'],
  ])('refuses %s', (text, code) => {
    expect(() => parseManifestReference(text, 'MANIFEST_INVALID')).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
