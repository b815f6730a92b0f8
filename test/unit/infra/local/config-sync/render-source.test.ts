import { describe, expect, it } from 'vitest';
import { needsRendering, renderSource } from '#infra/local/config-sync/render.ts';
import { isKustomization } from '#infra/local/config-sync/unpack-layers.ts';

/** A source of these files, each with its text. */
function sourceOf(files: Readonly<Record<string, string>>) {
  const kustomizations = Object.entries(files).filter(([path]) => isKustomization(path));
  return { paths: Object.keys(files), kustomizations: new Map(kustomizations) };
}

describe('needsRendering()', () => {
  it.each([
    [{ 'a.yaml': '' }, '.', false],
    [{ 'kustomization.yaml': '' }, '.', true],
    [{ 'base/Kustomization': '' }, '.', true],
    [{ 'base/kustomization.yml': '' }, 'base', true],
    [{ 'base/kustomization.yaml': '' }, 'bas', false],
    [{ 'my-kustomization.yaml': '' }, '.', false],
  ])('%o in %s: %o', (files, dir, needed) => {
    expect(needsRendering(sourceOf(files), dir)).toBe(needed);
  });
});

describe('renderSource()', () => {
  it('gives the files that resources name, through other kustomizations, and no other', () => {
    const source = sourceOf({
      'overlay/kustomization.yaml': 'resources: [../base, extra.yaml]',
      'overlay/extra.yaml': '',
      'overlay/unused.yaml': '',
      'base/kustomization.yaml': 'resources: [a.yaml]\nnamePrefix: x-',
      'base/a.yaml': '',
    });
    expect(renderSource(source, 'overlay')).toEqual(['base/a.yaml', 'overlay/extra.yaml']);
  });

  it.each([
    ['a file that is not there', { 'kustomization.yaml': 'resources: [a.yaml]' }, /'a\.yaml'/],
    [
      'no kustomization at its root',
      { 'base/kustomization.yaml': '' },
      /no kustomization file in \./,
    ],
    ['text that is none', { 'kustomization.yaml': '- a' }, /is no kustomization/],
    [
      'itself',
      { 'a/kustomization.yaml': 'resources: [../a]', 'kustomization.yaml': 'resources: [a]' },
      /nested too deeply/,
    ],
  ])('refuses %s', (_, files, why) => {
    expect(() => renderSource(sourceOf(files), '.')).toThrow(why);
  });
});
