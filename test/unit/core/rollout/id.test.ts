import { describe, expect, it } from 'vitest';
import { rolloutId } from '#shared/core/rollout/id.ts';
import { A, B } from '#test/fixtures/digests.ts';

const IMAGE = 'us-docker.pkg.dev/acme/configs/platform:v1';

describe('rolloutId()', () => {
  it('names the image and the number, the same each time', () => {
    const id = rolloutId(IMAGE, A, 8);
    expect(id).toMatch(/^platform-v1-8-[0-9a-f]{8}$/);
    expect(rolloutId(IMAGE, A, 8)).toBe(id);
  });

  it('differs by digest, by number and by what the name does not show', () => {
    const other = 'us-docker.pkg.dev/acme/others/platform:v1';
    const ids = [rolloutId(IMAGE, A, 8), rolloutId(IMAGE, B, 8), rolloutId(IMAGE, A, 9)];
    expect(new Set([...ids, rolloutId(other, A, 8)]).size).toBe(4);
  });

  it('is short and fits into a URL, whatever the names are', () => {
    const long = `r.example/${'a'.repeat(200)}:${'T'.repeat(128)}`;
    expect(rolloutId(long, A, 123)).toMatch(/^[\w.-]{1,150}$/);
    expect(rolloutId('no image at all', A, 1)).toMatch(/^[\w.-]{1,150}$/);
  });
});
