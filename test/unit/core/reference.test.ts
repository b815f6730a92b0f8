import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import { formatReference, parseReference } from '#shared/core/reference.ts';
import { A } from '#test/fixtures/digests.ts';
import { fc } from '#test/fixtures/fast-check.ts';

describe('parseReference()', () => {
  it.each([
    ['us-docker.pkg.dev/acme/configs/platform:v1', 'us-docker.pkg.dev/acme/configs/platform:v1'],
    ['us-docker.pkg.dev/acme/configs/platform', 'us-docker.pkg.dev/acme/configs/platform:latest'],
    ['US-DOCKER.PKG.DEV/acme/configs/p:V1', 'us-docker.pkg.dev/acme/configs/p:V1'],
    ['us-docker.pkg.dev:443/acme/configs/p:v1', 'us-docker.pkg.dev/acme/configs/p:v1'],
    ['us-docker.pkg.dev:0443/acme/configs/p:v1', 'us-docker.pkg.dev/acme/configs/p:v1'],
    ['127.0.0.1:5000/configs/platform:v1', '127.0.0.1:5000/configs/platform:v1'],
    ['localhost/platform', 'index.docker.io/localhost/platform:latest'],
    ['localhost:5000/platform', 'localhost:5000/platform:latest'],
    ['nginx', 'index.docker.io/library/nginx:latest'],
    ['docker.io/nginx:1', 'index.docker.io/library/nginx:1'],
    ['acme/nginx', 'index.docker.io/acme/nginx:latest'],
    [`gcr.io/p/i@${A}`, `gcr.io/p/i@${A}`],
    [`gcr.io/p/i:v1@${A}`, `gcr.io/p/i:v1@${A}`],
    ['gcr.io/p/a__b/c--d/e.f', 'gcr.io/p/a__b/c--d/e.f:latest'],
    ['[::1]:5000/x:y', '[::1]:5000/x:y'],
  ])('reads %s as %s', (text, normal) => {
    expect(formatReference(parseReference(text))).toBe(normal);
  });

  it.each([
    [''],
    ['gcr.io/'],
    ['gcr.io/P/i'],
    ['gcr.io/p/i:'],
    ['gcr.io/p/i:a/b'],
    ['gcr.io/p/i:-v1'],
    ['gcr.io//p/i'],
    ['gcr.io/p/../i'],
    ['https://gcr.io/p/i'],
    ['gcr.io/p/i@sha256:abc'],
    [`gcr.io/p/i@${A.toUpperCase()}`],
    [`gcr.io/p/i@sha512:${'a'.repeat(128)}`],
    [`gcr.io/p/i@${A}@${A}`],
    ['user@gcr.io/p/i'],
    ['gcr.io/p/i:v1 '],
    ['gcr.io/p/i:v1\n'],
    [`gcr.io/${'a'.repeat(256)}`],
    [`gcr.io/${'a/'.repeat(600)}a`],
  ])('refuses %j', (text) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'bad-reference' }));
  });

  it('shows no more than 200 characters of what it refuses', () => {
    expect(() => parseReference('x'.repeat(5000))).toThrow(/^.{0,300}$/);
  });

  it('is the inverse of formatReference() for whatever it accepts', () => {
    const name = fc.stringMatching(/^[a-z0-9]{1,8}(\/[a-z0-9]{1,8}){0,3}$/);
    const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/);
    fc.assert(
      fc.property(name, tag, (path, label) => {
        const reference = parseReference(`gcr.io/${path}:${label}`);
        expect(parseReference(formatReference(reference))).toEqual(reference);
      }),
    );
  });

  it('never throws anything but bad-reference', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(codeOf(text)).toBeOneOf([undefined, 'bad-reference']);
      }),
    );
  });
});

function codeOf(text: string): unknown {
  try {
    parseReference(text);
    return undefined;
  } catch (error) {
    return error instanceof CountersignError ? error.code : error;
  }
}
