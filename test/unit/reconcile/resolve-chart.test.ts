import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import { formatReference, parseReference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import { resolveChart } from '#shared/reconcile/resolve-targets.ts';
import { resolvedTo } from '#test/fixtures/decision.ts';
import { A, B } from '#test/fixtures/digests.ts';

const CHART = 'us-docker.pkg.dev/acme/charts/shop';
const ABSENT: Resolution = resolvedTo(A, {
  image: { status: 'unusable', reason: 'tag-absent', message: 'No such tag' },
});

function versioned(version: string, digest = A): Resolution {
  return resolvedTo(digest, { image: { status: 'resolved', digest, version } });
}

/** Resolves the tag `stable` among tags. */
function resolve(tags: Readonly<Record<string, Resolution>>): Promise<Resolution> {
  return resolveChart(parseReference(`${CHART}:stable`), async (reference) => {
    const { tag = '' } = reference;
    expect(formatReference(reference)).toBe(`${CHART}:${tag}`);
    return tags[tag] ?? ABSENT;
  });
}

describe('resolveChart()', () => {
  it('takes the version whose own tag names the same digest', async () => {
    const stable = versioned('1.3.0');
    expect(await resolve({ stable, '1.3.0': resolvedTo(A) })).toBe(stable);
  });

  it('looks for a version with a build part behind "_"', async () => {
    const stable = versioned('1.3.0+linux.1');
    expect(await resolve({ stable, '1.3.0_linux.1': resolvedTo(A) })).toBe(stable);
  });

  it.each([
    [
      'version-mismatch',
      'its version is another digest',
      { stable: versioned('1.3.0'), '1.3.0': resolvedTo(B) },
    ],
    ['version-mismatch', 'its version has no tag', { stable: versioned('1.3.0') }],
    ['version-unknown', 'it says no version', { stable: resolvedTo(A) }],
    ['version-unknown', 'it says latest', { stable: versioned('latest') }],
    ['version-unknown', 'it says a range', { stable: versioned('1.x') }],
    ['tag-absent', 'the tag is not there', {}],
  ] as const)('is unusable, %s, where %s', async (reason, _, tags) => {
    expect((await resolve(tags)).image).toMatchObject({ status: 'unusable', reason });
  });

  it('passes on the failure to find out', async () => {
    const failure = new CountersignError('registry-unavailable', 'No answer');
    const asked = resolveChart(parseReference(`${CHART}:stable`), () => Promise.reject(failure));
    await expect(asked).rejects.toBe(failure);
  });
});
