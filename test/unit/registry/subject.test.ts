import { describe, expect, it } from 'vitest';
import { readSubject } from '#shared/registry/read-manifest.ts';
import { digestOf, holding, image, index } from './manifests.ts';
import { sha256 } from './scripted-registry.ts';

const SUBJECT = sha256('subject');

describe('readSubject()', () => {
  it.each([
    ['an image', image('x', { subject: { mediaType: 'x', digest: SUBJECT, size: 1 } }), SUBJECT],
    ['an index', { ...index(), subject: { digest: SUBJECT } }, SUBJECT],
    ['an image without one', image(), undefined],
    ['a null one', image('x', { subject: null }), undefined],
    ['one by another algorithm', image('x', { subject: { digest: 'sha512:00' } }), undefined],
    ['one that is no descriptor', image('x', { subject: SUBJECT }), undefined],
  ])('finds in %s what it refers to', async (_, body, expected) => {
    const registry = holding([{ body }]);
    expect(await readSubject(registry, 'r.test/a', digestOf(body))).toBe(expected);
  });

  it('finds nothing in what is gone', async () => {
    expect(await readSubject(holding([]), 'r.test/a', SUBJECT)).toBeUndefined();
  });
});
