import { describe, expect, it } from 'vitest';
import { readRSync } from '#shared/configsync/read-rsync.ts';
import { pinObstacle } from '#shared/core/pin.ts';
import { RULE } from '#test/fixtures/decision.ts';
import { A } from '#test/fixtures/digests.ts';
import { buildRSync, helmSource, IMAGE, ociSource } from '#test/fixtures/rsync.ts';

const PIN = { ...RULE, effect: 'pin' } as const;
const REPOSITORY = 'us-docker.pkg.dev/acme/configs/platform';

describe('pinObstacle()', () => {
  it.each([
    ['a tag', { source: ociSource(IMAGE) }, PIN, undefined],
    ['a tag beside a digest', { source: ociSource(`${IMAGE}@${A}`) }, PIN, undefined],
    ['a digest alone', { source: ociSource(`${REPOSITORY}@${A}`) }, PIN, 'no-tag'],
    [
      'a digest, tracked',
      { source: ociSource(`${REPOSITORY}@${A}`) },
      { ...PIN, track: 'v1' },
      undefined,
    ],
    ['a chart', { source: helmSource('1.2.3') }, PIN, undefined],
    ['a range of charts', { source: helmSource('latest') }, PIN, 'no-version'],
    [
      'a range of charts, tracked',
      { source: helmSource('latest') },
      { ...PIN, track: 'stable' },
      undefined,
    ],
    ['a label of its parent', { declared: true }, PIN, 'declared-by-parent'],
    ['a manager', { manager: 'RootSync/root-sync' }, PIN, 'declared-by-parent'],
    ['an apply set', { inApplySet: true }, PIN, 'declared-by-parent'],
    ['a parent that leaves it alone', { declared: true, mutationIgnored: true }, PIN, undefined],
    ['a parent, under gate', { declared: true }, RULE, undefined],
    ['git', { source: { type: 'other', sourceType: 'git' } as const }, PIN, undefined],
  ])('of %s', (_, rsync, rule, code) => {
    expect(pinObstacle(buildRSync(rsync), rule)?.code).toBe(code);
  });

  it('names the parent, and what to do', () => {
    const rsync = buildRSync({ manager: 'RootSync/platform' });
    expect(pinObstacle(rsync, PIN)?.message).toMatch(
      /^RootSync\/platform declares it .*mutation: ignore/,
    );
  });

  it.each([
    ['labels', 'applyset.kubernetes.io/part-of', 'applyset-1', { inApplySet: true }],
    ['annotations', 'client.lifecycle.config.k8s.io/mutation', 'ignore', { mutationIgnored: true }],
    ['annotations', 'client.lifecycle.config.k8s.io/mutation', 'always', {}],
    ['labels', 'applyset.kubernetes.io/id', 'applyset-1', {}],
  ])('is read from the %s of the object: %s', (place, key, value, expected) => {
    const read = readRSync({
      kind: 'RepoSync',
      metadata: {
        name: 'a',
        namespace: 'b',
        uid: 'u',
        resourceVersion: '1',
        [place]: { [key]: value },
      },
    });
    const { inApplySet, mutationIgnored } = read;
    expect({ inApplySet, mutationIgnored }).toEqual({
      inApplySet: undefined,
      mutationIgnored: undefined,
      ...expected,
    });
  });
});
