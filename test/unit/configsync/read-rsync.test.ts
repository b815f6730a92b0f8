import { describe, expect, it } from 'vitest';
import { isLive } from '#shared/core/sync-status.ts';
import { readRSync } from '#shared/configsync/read-rsync.ts';
import { HEX, IMAGE, liveStatus, repoSync, rootSync } from './objects.ts';

const EMPTY = { errors: [], errorCount: 0 };

describe('readRSync()', () => {
  it('reads a RootSync that has no status yet', () => {
    expect(readRSync(rootSync())).toEqual({
      ref: { kind: 'RootSync', namespace: 'config-management-system', name: 'root-sync' },
      uid: 'b3b6',
      resourceVersion: '41',
      generation: 2,
      deleting: false,
      declared: false,
      source: expect.objectContaining({ type: 'oci', image: IMAGE, dir: 'base' }),
      annotations: { approved: { keys: [] }, receipt: {} },
      status: { source: EMPTY, rendering: EMPTY, sync: EMPTY },
    });
  });

  it.each(['v1beta1', 'v1alpha1'])('reads %s, and finds it live', (version) => {
    const apiVersion = `configsync.gke.io/${version}`;
    const rsync = readRSync(repoSync({ apiVersion, status: liveStatus() }));
    expect(rsync.ref).toEqual({ kind: 'RepoSync', namespace: 'team-a', name: 'repo-sync' });
    expect(rsync.status.sync).toEqual({
      ...EMPTY,
      commit: HEX,
      image: IMAGE,
      lastUpdate: '2026-11-22T05:00:00Z',
    });
    expect(isLive(rsync, HEX)).toBe(true);
  });

  it('reads the annotations that matter, an empty approval too', () => {
    const annotations = {
      'countersign.dev/approved': '',
      'countersign.dev/receipt': '{}',
      'countersign.dev/break-glass': `sha256:${HEX} outage`,
      'configsync.gke.io/image-to-sync': `${IMAGE}@sha256:${HEX}`,
      'example.com/other': 'x',
    };
    expect(readRSync(rootSync({ metadata: { annotations } })).annotations).toEqual({
      approved: { text: '', keys: [] },
      receipt: { text: '{}' },
      breakGlass: `sha256:${HEX} outage`,
      imageToSync: `${IMAGE}@sha256:${HEX}`,
    });
  });

  it('sees deletion, and what a parent RootSync declares', () => {
    const labels = { 'configsync.gke.io/declared-version': 'v1beta1' };
    const deletionTimestamp = '2026-11-22T05:00:00Z';
    const rsync = readRSync(repoSync({ metadata: { labels, deletionTimestamp } }));
    expect([rsync.deleting, rsync.declared]).toEqual([true, true]);
  });

  it.each([
    [':root', 'RootSync/root-sync'],
    [':root_mgmt', 'RootSync/mgmt'],
    ['team-a', 'RepoSync/team-a/repo-sync'],
    ['team-a_shop', 'RepoSync/team-a/shop'],
    ['', undefined],
    ['<b>you</b>', undefined],
    [':root\nand more', undefined],
  ])('names the RSync that declares it: %j', (value, manager) => {
    const annotations = { 'configsync.gke.io/manager': value };
    expect(readRSync(repoSync({ metadata: { annotations } })).manager).toBe(manager);
  });

  it.each<[string, unknown, string]>([
    ['no object', undefined, 'bad-request'],
    ['a string', 'RootSync', 'bad-request'],
    ['another kind', rootSync({ kind: 'Secret' }), 'bad-request'],
    ['no name', rootSync({ metadata: { name: undefined } }), 'bad-request'],
    ['a name that is a path', rootSync({ metadata: { name: '..' } }), 'bad-request'],
    ['a namespace that is a path', repoSync({ metadata: { namespace: 'a/b' } }), 'bad-request'],
    ['no resourceVersion', rootSync({ metadata: { resourceVersion: undefined } }), 'bad-request'],
    ['an empty uid', rootSync({ metadata: { uid: '' } }), 'bad-request'],
    [
      'a RootSync outside its namespace',
      rootSync({ metadata: { namespace: 'team-a' } }),
      'bad-request',
    ],
  ])('refuses %s', (_, object, code) => {
    expect(() => readRSync(object)).toThrowError(expect.objectContaining({ code }));
  });

  const UNTIL = '2026-11-23T10:00:00Z';
  const FACTS = { by: 'ops@acme.example', reason: 'INC-7: a  b' };

  it.each<[string, object | undefined]>([
    [`${UNTIL} ops@acme.example INC-7: a  b`, { until: UNTIL, ...FACTS }],
    ['- ops@acme.example INC-7: a  b', FACTS],
    ['', undefined],
    ['-', undefined],
    ['- ops@acme.example ', undefined],
    ['tomorrow ops@acme.example INC-7', undefined],
    ['2026-11-23T10:00:00+01:00 ops@acme.example INC-7', undefined],
    ['-  ops@acme.example INC-7', undefined],
    ['- ops@acme.example INC-7\n- root@acme.example none', undefined],
    [`- ${'x'.repeat(300)} INC-7`, undefined],
    [`- a ${' '.repeat(20_000)}`, undefined],
  ])('has a hold, whatever it says: %j', (text, facts) => {
    const { hold } = readRSync(
      rootSync({ metadata: { annotations: { 'countersign.dev/hold': text } } }),
    ).annotations;
    const kept = text.slice(0, 512);
    expect(hold).toEqual(facts === undefined ? { text: kept } : { text: kept, facts });
  });

  it('cuts an annotation that we cannot have written', () => {
    const annotations = { 'countersign.dev/receipt': 'x'.repeat(200_000) };
    const rsync = readRSync(rootSync({ metadata: { annotations } }));
    expect(rsync.annotations.receipt.text).toHaveLength(16_384);
  });
});
