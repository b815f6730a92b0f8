import { describe, expect, it } from 'vitest';
import { parseReference } from '#shared/core/reference.ts';
import type { Condition, Source, SyncStatus } from '#shared/core/rsync.ts';
import { type NomosStatus, nomosRow, nomosStatus } from '#shared/configsync/nomos-status.ts';
import { IMAGE, buildRSync, helmSource, liveStatus, ociSource } from '#test/fixtures/rsync.ts';

const HEX = 'a'.repeat(64);
const LIVE = liveStatus(`sha256:${HEX}`);

function condition(status: Condition['status'], errorCount = 0): Condition {
  return { status, reason: '', message: '', commit: HEX, errorCount };
}

const TRUE = condition('True');
const FALSE = condition('False');
const STAGES = { source: LIVE.source, rendering: LIVE.rendering, sync: LIVE.sync };

describe('nomosStatus()', () => {
  // In nomos' order: the first that matches wins (docs/facts/config-sync.md#nomos-status).
  it.each<[NomosStatus, string, Partial<SyncStatus>]>([
    [
      'STALLED',
      'Stalled is True, whatever else',
      { stalled: TRUE, reconciling: TRUE, syncing: TRUE },
    ],
    ['RECONCILING', 'Reconciling is True', { stalled: FALSE, reconciling: TRUE, syncing: FALSE }],
    ['PENDING', 'Syncing is absent', { stalled: FALSE, reconciling: FALSE }],
    ['PENDING', 'Syncing is True', { syncing: TRUE }],
    ['PENDING', 'Syncing is True, with errors', { syncing: condition('True', 2) }],
    ['SYNCED', 'Syncing is False without errors', { syncing: FALSE }],
    ['ERROR', 'Syncing is False with errors', { syncing: condition('False', 1) }],
  ])('says %s when %s', (word, _, conditions) => {
    expect(nomosStatus({ status: { ...STAGES, ...conditions } })).toBe(word);
  });

  it('ignores observedGeneration, as nomos does', () => {
    expect(nomosStatus(buildRSync({ status: LIVE, generation: 9 }))).toBe('SYNCED');
  });
});

describe('nomosRow()', () => {
  it('has the time of the sync beside SYNCED only', () => {
    const lastUpdate = '2026-11-22T05:00:00Z';
    const status = { ...LIVE, sync: { ...LIVE.sync, lastUpdate } };
    const row = nomosRow(buildRSync({ status }));
    expect(row).toEqual({
      scope: '<root>',
      name: 'root-sync',
      source: IMAGE,
      status: 'SYNCED',
      commit: HEX,
      syncedAt: lastUpdate,
      errors: [],
      errorCount: 0,
    });
    const pending = nomosRow(buildRSync({ status: { ...status, syncing: TRUE } }));
    expect(pending).not.toHaveProperty('syncedAt');
    expect(pending.commit).toBe(HEX);
  });

  it('has an empty commit where the condition has none, as after a failed pull', () => {
    const { commit: _, ...failed } = condition('False', 1);
    expect(nomosRow(buildRSync({ status: { ...STAGES, syncing: failed } })).commit).toBe('');
  });

  it.each<[NomosStatus, Partial<SyncStatus>]>([
    ['STALLED', { stalled: TRUE }],
    ['RECONCILING', { reconciling: TRUE }],
    ['PENDING', {}],
  ])('has no commit while %s', (status, conditions) => {
    const row = nomosRow(buildRSync({ status: { ...STAGES, ...conditions } }));
    expect(row).toMatchObject({ status, commit: 'N/A' });
  });

  it.each<[string, Source]>([
    [IMAGE, ociSource(IMAGE)],
    [
      `${IMAGE}/base/prod`,
      { type: 'oci', image: IMAGE, reference: parseReference(IMAGE), dir: 'base/prod' },
    ],
    ['oci://us-docker.pkg.dev/acme/charts/shop:1.2.3', helmSource('1.2.3')],
    ['N/A', { type: 'other', sourceType: 'git' }],
    ['https://x/r@main', { type: 'other', sourceType: 'git', shown: 'https://x/r@main' }],
    ['N/A', { type: 'invalid', problem: 'spec.oci' }],
    ['h.io/X', { type: 'invalid', problem: 'spec.oci.image', shown: 'h.io/X' }],
  ])('shows the source %s', (text, source) => {
    expect(nomosRow(buildRSync({ source })).source).toBe(text);
  });

  it('names the namespace of a RepoSync', () => {
    const ref = { kind: 'RepoSync', namespace: 'team-a', name: 'repo-sync' } as const;
    expect(nomosRow(buildRSync({ ref }))).toMatchObject({ scope: 'team-a', name: 'repo-sync' });
  });

  it('shows that Config Sync cut the list', () => {
    const syncing = { ...condition('False', 250), truncatedTo: 100 };
    const row = nomosRow(buildRSync({ status: { ...STAGES, syncing } }));
    expect(row).toMatchObject({ status: 'ERROR', errorCount: 250, truncatedTo: 100 });
  });

  it.each<[string, Partial<SyncStatus>, readonly string[], number]>([
    ['the condition while STALLED', { stalled: { ...TRUE, message: 'KNV1061' } }, ['KNV1061'], 1],
    ['nothing while RECONCILING', { reconciling: TRUE, syncing: condition('False', 3) }, [], 0],
    ['nothing once SYNCED', { syncing: FALSE }, [], 0],
    [
      'the stage that the condition is about',
      { syncing: { ...condition('False', 3), errorSources: ['source'] } },
      ['source failed'],
      3,
    ],
    [
      'the rendering stage, while PENDING too',
      { syncing: { ...condition('True', 1), errorSources: ['rendering'] } },
      ['rendering failed'],
      1,
    ],
    [
      'several stages, in the order of the condition',
      { syncing: { ...condition('False', 2), errorSources: ['source', 'sync'] } },
      ['source failed', 'sync failed'],
      2,
    ],
    ['none where the condition refers to none', { syncing: condition('False', 2) }, [], 2],
  ])('shows errors: %s', (_, conditions, errors, errorCount) => {
    const failing = (stage: 'source' | 'rendering' | 'sync') => ({
      ...LIVE[stage],
      errors: [{ code: '2004', message: `${stage} failed` }],
      errorCount: 1,
    });
    const status = {
      ...STAGES,
      source: failing('source'),
      rendering: failing('rendering'),
      sync: failing('sync'),
      ...conditions,
    };
    expect(nomosRow(buildRSync({ status }))).toMatchObject({ errors, errorCount });
  });
});
