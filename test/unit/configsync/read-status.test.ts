import { describe, expect, it } from 'vitest';
import { isLive } from '#shared/core/sync-status.ts';
import { readRSync } from '#shared/configsync/read-rsync.ts';
import { readStatus } from '#shared/configsync/read-status.ts';
import { HEX, liveStatus, rootSync } from './objects.ts';

const EMPTY = { errors: [], errorCount: 0 };

/** A refused write of image-to-sync (docs/facts/config-sync.md#refusals). */
const DENIED = {
  code: '2002',
  errorMessage: 'KNV2002: failed to patch RootSync annotation: denied',
};

describe('readStatus()', () => {
  it('reads errors, and how many there are where the list was truncated', () => {
    const source = { commit: HEX, errors: [DENIED], errorSummary: { totalCount: 130 } };
    expect(readStatus({ source }).source).toEqual({
      commit: HEX,
      errors: [{ code: '2002', message: DENIED.errorMessage }],
      errorCount: 130,
    });
  });

  it('counts the errors itself where there is no summary', () => {
    expect(readStatus({ source: { errors: [DENIED, DENIED] } }).source.errorCount).toBe(2);
  });

  it('drops the empty commit of a failed pull, and the prefix of a code', () => {
    const source = { commit: '', errors: [{ ...DENIED, code: 'KNV2004' }] };
    const stage = readStatus({ source }).source;
    expect(stage).not.toHaveProperty('commit');
    expect(stage.errors[0]?.code).toBe('2004');
  });

  it('bounds what is kept of errors', () => {
    const errors = Array.from({ length: 100 }, () => ({
      ...DENIED,
      errorMessage: 'x'.repeat(9_999),
    }));
    const { source } = readStatus({ source: { errors, errorSummary: { totalCount: 100 } } });
    expect(source.errors).toHaveLength(20);
    expect(source.errors[0]?.message).toHaveLength(2_000);
    expect(source.errorCount).toBe(100);
  });

  it('reads conditions by their type', () => {
    const { reconciling, stalled, syncing } = readStatus({
      conditions: [
        { type: 'ReconcilerFinalizing', status: 'True', reason: '', message: '' },
        { type: 'Stalled', status: 'True', reason: 'Validation', message: 'KNV1061: no image' },
        { type: 'Syncing', status: 'False', commit: HEX, errorSummary: { totalCount: 3 } },
      ],
    });
    expect(reconciling).toBeUndefined();
    expect(stalled).toEqual({
      status: 'True',
      reason: 'Validation',
      message: 'KNV1061: no image',
      errorCount: 0,
    });
    expect(syncing).toMatchObject({ status: 'False', commit: HEX, errorCount: 3 });
  });

  it('reads a summary without a total, as Go writes none, as no errors', () => {
    const conditions = [{ type: 'Syncing', status: 'False', commit: HEX, errorSummary: {} }];
    expect(readStatus({ conditions }).syncing).toMatchObject({ commit: HEX, errorCount: 0 });
  });

  it('reads whose errors a condition is about, and that Config Sync cut them', () => {
    const errorSummary = { totalCount: 250, truncated: true, errorCountAfterTruncation: 100 };
    const errorSourceRefs = ['status.source.errors', 'status.sync.errors'];
    const conditions = [{ type: 'Syncing', status: 'False', errorSummary, errorSourceRefs }];
    expect(readStatus({ conditions }).syncing).toMatchObject({
      errorCount: 250,
      truncatedTo: 100,
      errorSources: ['source', 'sync'],
    });
  });

  it.each([
    ['a summary that is not cut', { errorSummary: { totalCount: 1, truncated: false } }],
    ['one that says nothing of it', { errorSummary: { totalCount: 1 } }],
    ['references to nowhere', { errorSourceRefs: ['status.other.errors'] }],
    ['references that are none', { errorSourceRefs: 'status.sync.errors' }],
  ])('reads neither from %s, and keeps the condition', (_, fields) => {
    const { syncing } = readStatus({
      conditions: [{ type: 'Syncing', status: 'True', ...fields }],
    });
    expect(syncing).toMatchObject({ status: 'True' });
    expect(syncing).not.toHaveProperty('truncatedTo');
    expect(syncing).not.toHaveProperty('errorSources');
  });

  it('reads a stage that was never set as Go writes it, and its times as absent', () => {
    const unset = { lastUpdate: null };
    expect(readStatus({ source: unset, rendering: unset, sync: unset })).toEqual({
      source: EMPTY,
      rendering: EMPTY,
      sync: EMPTY,
    });
  });

  it('counts the errors that old versions put into the condition', () => {
    const conditions = [{ type: 'Syncing', status: 'False', commit: HEX, errors: [DENIED] }];
    expect(readStatus({ conditions }).syncing?.errorCount).toBe(1);
  });

  it.each([undefined, null, 7, 'x', []])('reads %j as no status', (status) => {
    expect(readStatus(status)).toEqual({ source: EMPTY, rendering: EMPTY, sync: EMPTY });
  });
});

function live(change: Record<string, unknown>): boolean {
  return isLive(readRSync(rootSync({ status: { ...liveStatus(), ...change } })), HEX);
}

function condition(change: Record<string, unknown>): Record<string, unknown> {
  return {
    type: 'Syncing',
    status: 'False',
    reason: 'Sync',
    message: '',
    commit: HEX,
    ...change,
  };
}

describe('a status that cannot be read', () => {
  it('is live when nothing is wrong', () => {
    expect(live({ conditions: [condition({})] })).toBe(true);
  });

  it.each<[string, Record<string, unknown>]>([
    ['a generation as text', { observedGeneration: '2' }],
    ['a commit too long', { lastSyncedCommit: HEX.repeat(5) }],
    ['a stage as text', { sync: 'done' }],
    ['an image as a number', { sync: { commit: HEX, ociStatus: { image: 7 } } }],
    ['conditions as a map', { conditions: { Syncing: condition({}) } }],
    ['an error count as text', { conditions: [condition({ errorSummary: { totalCount: '1' } })] }],
    ['errors as text', { conditions: [condition({ errors: 'many' })] }],
    ['a condition beside it', { conditions: [condition({}), { type: 'Stalled', status: 'true' }] }],
    ['too many conditions', { conditions: Array.from({ length: 21 }, () => condition({})) }],
  ])('is not live with %s', (_, change) => {
    expect(live(change)).toBe(false);
  });
});
