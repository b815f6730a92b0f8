import { describe, expect, it } from 'vitest';
import { type Reference, formatReference, parseReference } from '#shared/core/reference.ts';
import type { Resolution, ResolvedImage } from '#shared/core/resolution.ts';
import { type Kind, broughtBy, followedAs } from '#shared/rollouts/brought.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { row } from '#test/fixtures/staged-rows.ts';

const CHART = 'us-docker.pkg.dev/acme/charts/shop';
const AT = '2026-11-22T05:59:58Z';

function resolved(image: Partial<ResolvedImage> = {}): Resolution {
  return { resolvedAt: AT, fresh: true, image: { status: 'resolved', digest: A, ...image } };
}

async function brought(
  image: string,
  resolution: Resolution,
  kind?: Kind,
  tags: Readonly<Record<string, Resolution>> = {},
): Promise<unknown> {
  const resolve = async (reference: Reference): Promise<Resolution> => {
    const found = tags[formatReference(reference)];
    if (found === undefined) throw new Error(`${formatReference(reference)} was not expected`);
    return found;
  };
  return broughtBy('push', { reference: parseReference(image), resolution, kind }, resolve);
}

describe('broughtBy()', () => {
  it('is the digest of an image, with its index', async () => {
    expect(await brought(IMAGE, resolved({ index: B }))).toEqual({
      digest: A,
      index: B,
      resolvedAt: AT,
      by: 'push',
    });
  });

  it('is the version of a chart that is named by it', async () => {
    const expected = { digest: `${CHART}:1.2.3+b`, resolvedAt: AT, by: 'push' };
    expect(await brought(`${CHART}:1.2.3_b`, resolved(), 'chart')).toEqual(expected);
    expect(await brought(`${CHART}:1.2.3_b`, resolved({ version: '1.2.3+b' }))).toEqual(expected);
  });

  it('is the version behind a tag of a chart, whose own tag names the same', async () => {
    const version = '1.2.3';
    const tags = {
      [`${CHART}:stable`]: resolved({ version }),
      [`${CHART}:1.2.3`]: resolved({ version }),
    };
    const stable = resolved({ version });
    expect(await brought(`${CHART}:stable`, stable, undefined, tags)).toMatchObject({
      digest: `${CHART}:1.2.3`,
    });
    const moved = { ...tags, [`${CHART}:1.2.3`]: resolved({ version, digest: B }) };
    expect(await brought(`${CHART}:stable`, stable, 'chart', moved)).toBeUndefined();
  });

  it('is the digest of a chart that its followers take for an image', async () => {
    const found = await brought(`${CHART}:1.2.3`, resolved({ version: '1.2.3' }), 'image');
    expect(found).toMatchObject({ digest: A });
  });

  it('is nothing where there is nothing to pull', async () => {
    const image = { status: 'unusable', reason: 'tag-absent', message: '' } as const;
    expect(await brought(IMAGE, { ...resolved(), image })).toBeUndefined();
  });
});

describe('followedAs()', () => {
  it.each([
    ['nothing that is known', [row({ approved: [] })], 'image'],
    ['digests', [row()], 'image'],
    ['versions', [row({ approved: [`${CHART}:1.2.3`], live: `${CHART}:1.2.3` })], 'chart'],
  ])('goes by the keys of its followers: %s', (_, rows, kind) => {
    expect(followedAs(rows)).toBe(kind);
  });

  it('is not known without any', () => {
    const { live: _, ...unseen } = row({ approved: [] });
    expect(followedAs([unseen])).toBeUndefined();
    const staged = { image: `${CHART}:1.2.3`, stage: 'rest', target: `${CHART}:1.2.3` };
    expect(followedAs([{ ...unseen, staged }])).toBe('chart');
  });
});
