import { describe, expect, it } from 'vitest';
import { loadPatterns } from '#shared/config/tag-patterns.ts';
import { createTracker } from '#shared/core/track/tracker.ts';
import { listVersions } from '#shared/reconcile/list-versions.ts';

const TRACK = { pattern: '^.+$', order: 'alphabetical' } as const;
const RULE = {
  match: '**',
  trust: 'release',
  effect: 'pin',
  downgrade: 'deny',
  track: TRACK,
} as const;

describe('listVersions()', () => {
  it('leaves out what is no tag, whatever a registry lists', async () => {
    const tracker = createTracker(TRACK, await loadPatterns());
    const listed = await listVersions(
      { repository: 'ghcr.io/acme/app', rule: RULE, kind: 'image' },
      {
        tracks: { of: () => tracker },
        now: () => new Date('2026-11-29T06:00:00Z'),
        listTags: async (_, take) => {
          const bad = ['x/../../other/manifests/v1', 'a\u001b[2K', 'a b', '', 'z'.repeat(129)];
          take([...bad, 'main-1'].map((tag) => ({ tag })));
          return { complete: true };
        },
      },
    );
    expect(listed.candidates.map(({ tag }) => tag)).toEqual(['main-1']);
    expect(listed).toMatchObject({ listed: 6, matching: 1, ignored: [] });
  });
});
