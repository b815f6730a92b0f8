import { describe, expect, it } from 'vitest';
import { imagePattern } from '#functions/cli/config/image-pattern.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('imagePattern()', () => {
  it.each([
    ['us-docker.pkg.dev/acme/configs', 'us-docker.pkg.dev/acme/configs/**'],
    ['projects/acme/locations/us/repositories/configs', 'us-docker.pkg.dev/acme/configs/**'],
    [
      'projects/acme.example:configs/locations/europe-west1/repositories/a',
      'europe-west1-docker.pkg.dev/acme.example/configs/a/**',
    ],
    ['us-docker.pkg.dev/acme.example/configs/a', 'us-docker.pkg.dev/acme.example/configs/a/**'],
    ['us-docker.pkg.dev/acme/configs/platform', 'us-docker.pkg.dev/acme/configs/platform'],
    ['us-docker.pkg.dev/acme/configs/platform:v1', 'us-docker.pkg.dev/acme/configs/platform'],
    [`oci://Registry.example/a/b@${DIGEST}`, 'registry.example/a/b'],
    ['registry.example/configs/**', 'registry.example/configs/**'],
    ['registry.example:5000/a', 'registry.example:5000/a'],
  ])('makes of %s the pattern %s', (text, pattern) => {
    expect(imagePattern(text)).toBe(pattern);
  });

  it.each(['', 'platform', 'https://registry.example/a', 'projects/acme/repositories/configs:'])(
    'refuses %j',
    (text) => {
      expect(() => imagePattern(text)).toThrow(expect.objectContaining({ code: 'bad-request' }));
    },
  );
});
