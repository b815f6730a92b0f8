import { describe, expect, it } from 'vitest';
import {
  beginRollout,
  finishRollout,
  stall,
  setRendering,
  setSource,
  setSync,
} from '#infra/local/config-sync/status.ts';
import type { Status } from '#infra/local/config-sync/rsync.ts';
import { sameStatus } from '#infra/local/config-sync/kube-client.ts';

const HEX = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);
const [T0, T1, T2] = ['2026-11-22T05:00:00Z', '2026-11-22T05:00:15Z', '2026-11-22T05:00:30Z'];
const observed = { generation: 3, reconciler: 'root-reconciler' };
const source = { ociStatus: { image: 'h/i:v1', dir: '.' } };
const error = { code: '2002', errorMessage: 'KNV2002: no' };
const ok = { commit: HEX, source, errors: [] };
const skipped = { ...ok, message: 'Rendering skipped' as const };
const failed = { ...ok, errors: [error] };
const one = { totalCount: 1, errorCountAfterTruncation: 1 };

function synced(): Status {
  const stages = setRendering(setSource(finishRollout({}, observed, T0), ok, T0), skipped, T0);
  return setSync(stages, { ...ok, syncing: false }, T0);
}

function condition(status: Status, type: string) {
  return status.conditions?.find((entry) => entry.type === type);
}

describe('setSource()', () => {
  it('writes the stage, and Syncing True while there is no error', () => {
    expect(setSource({}, ok, T0)).toEqual({
      source: { commit: HEX, ...source, errorSummary: {}, lastUpdate: T0 },
      conditions: [
        {
          type: 'Syncing',
          status: 'True',
          reason: 'Source',
          message: 'Source',
          commit: HEX,
          errorSummary: {},
          lastUpdateTime: T0,
          lastTransitionTime: T0,
        },
      ],
    });
  });

  it('writes errors with their count and their place, and leaves the other stages alone', () => {
    const status = setSource(synced(), { ...failed, commit: OTHER }, T1);
    expect(status.source).toEqual({
      commit: OTHER,
      ...source,
      errors: [error],
      errorSummary: one,
      lastUpdate: T1,
    });
    expect(condition(status, 'Syncing')).toEqual({
      type: 'Syncing',
      status: 'False',
      reason: 'Source',
      message: 'Source',
      commit: OTHER,
      errorSourceRefs: ['status.source.errors'],
      errorSummary: one,
      lastUpdateTime: T1,
      // It was False before.
      lastTransitionTime: T0,
    });
    expect([status.sync, status.rendering, status.lastSyncedCommit]).toEqual([
      synced().sync,
      synced().rendering,
      HEX,
    ]);
  });

  it('leaves an empty commit out, as Go does', () => {
    const status = setSource({}, { ...failed, commit: '' }, T0);
    expect(status.source).not.toHaveProperty('commit');
    expect(condition(status, 'Syncing')).not.toHaveProperty('commit');
  });
});

describe('setRendering()', () => {
  it('says that nothing was rendered', () => {
    const status = setRendering({}, skipped, T0);
    expect(status.rendering).toMatchObject({ commit: HEX, message: 'Rendering skipped' });
    expect(condition(status, 'Syncing')).toMatchObject({
      status: 'True',
      reason: 'Rendering',
      message: 'Rendering skipped',
    });
  });
});

describe('setSync()', () => {
  it.each([
    [true, [], 'True', 'Syncing', undefined],
    [false, [], 'False', 'Sync Completed', HEX],
    [false, [error], 'False', 'Sync Completed', undefined],
  ])('while syncing is %o with errors %o', (syncing, errors, state, message, last) => {
    const before = setRendering(setSource({}, ok, T0), skipped, T0);
    const status = setSync(before, { ...ok, errors, syncing }, T1);
    expect(status.lastSyncedCommit).toBe(last);
    expect(status.sync).toMatchObject({ commit: HEX, ...source, lastUpdate: T1 });
    expect(condition(status, 'Syncing')).toMatchObject({
      status: state,
      reason: 'Sync',
      message,
      commit: HEX,
      errorSummary: errors.length === 0 ? {} : one,
    });
  });

  it.each([
    ['source', setSource],
    ['rendering', setRendering],
  ] as const)('says nothing of Syncing while %s is at another commit', (_, set) => {
    const status = set(synced(), { ...skipped, commit: OTHER }, T1);
    const later = setSync(status, { ...ok, syncing: false }, T2);
    expect(condition(later, 'Syncing')).toEqual(condition(status, 'Syncing'));
  });

  it('counts errors of every stage at its commit, and is not synced by them', () => {
    const before = setSource(setRendering({}, skipped, T0), failed, T0);
    const status = setSync(before, { ...failed, syncing: false }, T1);
    expect(condition(status, 'Syncing')).toMatchObject({
      errorSourceRefs: ['status.source.errors', 'status.sync.errors'],
      errorSummary: { totalCount: 2, errorCountAfterTruncation: 2 },
    });
    expect(status).not.toHaveProperty('lastSyncedCommit');
  });
});

describe('reconciler-manager', () => {
  it('begins a rollout: observed, Reconciling, and no Syncing any more', () => {
    const status = beginRollout(synced(), observed, T1);
    expect(status).toMatchObject({
      observedGeneration: 3,
      reconciler: 'root-reconciler',
      lastSyncedCommit: HEX,
    });
    expect(condition(status, 'Reconciling')).toMatchObject({
      status: 'True',
      reason: 'Deployment',
    });
    expect(condition(status, 'Syncing')).toBeUndefined();
  });

  it('writes stages that hold nothing yet with a null time', () => {
    const none = { lastUpdate: null };
    expect(beginRollout({}, observed, T0)).toMatchObject({
      source: none,
      rendering: none,
      sync: none,
    });
  });

  it('finishes a rollout: Reconciling and Stalled stay, False, with neither reason nor message', () => {
    const begun = stall(beginRollout({}, observed, T0), observed, 'KNV1061: no', T0);
    const status = finishRollout(begun, observed, T1);
    const empty = { status: 'False', lastUpdateTime: T1, lastTransitionTime: T1 };
    expect(condition(status, 'Reconciling')).toEqual({ type: 'Reconciling', ...empty });
    expect(condition(status, 'Stalled')).toEqual({ type: 'Stalled', ...empty });
    expect(finishRollout(status, observed, T2)).toEqual(status);
  });

  it('stalls with reason Validation, one error, and no Syncing any more', () => {
    const status = stall(synced(), observed, 'KNV1061: no', T1);
    expect(condition(status, 'Stalled')).toMatchObject({
      status: 'True',
      reason: 'Validation',
      message: 'KNV1061: no',
      errorSummary: one,
    });
    expect(condition(status, 'Syncing')).toBeUndefined();
  });

  it('removes Syncing when it turns, and not again while it stays', () => {
    const stalled = setSource(stall({}, observed, 'KNV1061: no', T0), ok, T1);
    expect(condition(stall(stalled, observed, 'KNV1061: yet', T2), 'Syncing')).toBeDefined();
    const begun = setSource(beginRollout({}, observed, T0), ok, T1);
    expect(condition(beginRollout(begun, observed, T2), 'Syncing')).toBeDefined();
  });
});

describe('sameStatus()', () => {
  it('does not look at times, and at everything else', () => {
    expect(sameStatus(synced(), setSource(synced(), ok, T2))).toBe(false);
    expect(sameStatus(setSource({}, ok, T0), setSource({}, ok, T2))).toBe(true);
    expect(sameStatus(setSource({}, ok, T0), setSource({}, failed, T0))).toBe(false);
  });
});
