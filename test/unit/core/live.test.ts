import { describe, expect, it } from 'vitest';
import { hexOf } from '#shared/core/digest.ts';
import { isLive, liveCommit } from '#shared/core/sync-status.ts';
import type { Condition, RSync, SyncStatus } from '#shared/core/rsync.ts';
import { IMAGE, buildRSync, helmSource, liveStatus } from '#test/fixtures/rsync.ts';

const DIGEST = `sha256:${'a'.repeat(64)}` as const;
const HEX = hexOf(DIGEST);
const OTHER = 'b'.repeat(64);
const LIVE = liveStatus(DIGEST);

function withStatus(change: Partial<SyncStatus>): RSync {
  return buildRSync({ status: { ...LIVE, ...change } });
}

function condition(change: Partial<Condition>): Condition {
  return { status: 'False', reason: 'Sync', message: '', commit: HEX, errorCount: 0, ...change };
}

const NO_COMMIT: Condition = { status: 'False', reason: 'Sync', message: '', errorCount: 0 };

function without(key: 'observedGeneration' | 'lastSyncedCommit' | 'syncing'): RSync {
  const { [key]: _, ...status } = LIVE;
  return buildRSync({ status });
}

describe('isLive()', () => {
  it('holds when every part of the robust rule holds', () => {
    expect(isLive(buildRSync({ status: LIVE }), HEX)).toBe(true);
  });

  // One condition of docs/facts/config-sync.md#live negated at a time.
  it.each<[string, RSync]>([
    ['the object is being deleted', buildRSync({ status: LIVE, deleting: true })],
    ['the generation is not the observed one', buildRSync({ status: LIVE, generation: 2 })],
    ['no generation was observed', without('observedGeneration')],
    ['Reconciling is True', withStatus({ reconciling: condition({ status: 'True' }) })],
    ['Stalled is True', withStatus({ stalled: condition({ status: 'True' }) })],
    ['Syncing is True', withStatus({ syncing: condition({ status: 'True' }) })],
    ['Syncing is Unknown', withStatus({ syncing: condition({ status: 'Unknown' }) })],
    ['Syncing is absent', without('syncing')],
    ['Syncing counts an error', withStatus({ syncing: condition({ errorCount: 1 }) })],
    ['Syncing is about another commit', withStatus({ syncing: condition({ commit: OTHER }) })],
    ['Syncing names no commit', withStatus({ syncing: NO_COMMIT })],
    ['another commit was synced last', withStatus({ lastSyncedCommit: OTHER })],
    ['nothing was synced yet', without('lastSyncedCommit')],
    [
      'what was synced is another image than the spec names',
      withStatus({ sync: { ...LIVE.sync, image: IMAGE.replace(':v1', ':v0') } }),
    ],
    ['the synced image is not known', withStatus({ sync: { errors: [], errorCount: 0 } })],
  ])('does not hold when %s', (_, rsync) => {
    expect(isLive(rsync, HEX)).toBe(false);
  });

  it('does not hold for another commit, nor for the empty one', () => {
    const nothing = withStatus({ lastSyncedCommit: '', syncing: condition({ commit: '' }) });
    expect(isLive(buildRSync({ status: LIVE }), OTHER)).toBe(false);
    expect(isLive(nothing, '')).toBe(false);
  });

  it('holds while Reconciling and Stalled are cleared, but not removed', () => {
    const cleared = condition({ reason: '' });
    expect(isLive(withStatus({ reconciling: cleared, stalled: cleared }), HEX)).toBe(true);
  });

  it('compares versions for a chart, whose status names no image', () => {
    const status = {
      ...LIVE,
      lastSyncedCommit: '1.2.3',
      sync: { errors: [], errorCount: 0, commit: '1.2.3' },
      syncing: condition({ commit: '1.2.3' }),
    };
    const rsync = buildRSync({ source: helmSource('1.2.3'), status });
    expect(isLive(rsync, '1.2.3')).toBe(true);
    expect(isLive(rsync, '1.2.4')).toBe(false);
  });
});

describe('liveCommit()', () => {
  it('is the last synced commit, whatever is pulled or failing meanwhile', () => {
    const pulling = withStatus({
      source: { commit: OTHER, errors: [{ code: '2002', message: 'denied' }], errorCount: 1 },
      syncing: condition({ commit: OTHER, errorCount: 1 }),
    });
    expect(liveCommit(pulling)).toBe(HEX);
  });

  it('is undefined before the first success', () => {
    expect(liveCommit(without('lastSyncedCommit'))).toBeUndefined();
    expect(liveCommit(withStatus({ lastSyncedCommit: '' }))).toBeUndefined();
  });
});
