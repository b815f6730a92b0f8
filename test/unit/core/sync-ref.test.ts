import { describe, expect, it } from 'vitest';
import { type SyncRef, formatSyncRef, parseSyncRef } from '#shared/core/sync-ref.ts';
import { reconcilerName } from '#test/fixtures/reconciler-name.ts';

const rootSync = (name: string): SyncRef => ({
  kind: 'RootSync',
  namespace: 'config-management-system',
  name,
});
const repoSync = (namespace: string, name: string): SyncRef => ({
  kind: 'RepoSync',
  namespace,
  name,
});

describe('parseSyncRef()', () => {
  it.each([
    ['RootSync/root-sync', rootSync('root-sync')],
    ['RepoSync/team-a/repo-sync', repoSync('team-a', 'repo-sync')],
  ])('reads %s, and formatSyncRef() writes it back', (text, ref) => {
    expect(parseSyncRef(text)).toEqual(ref);
    expect(formatSyncRef(ref)).toBe(text);
  });

  it.each([
    [''],
    ['RootSync'],
    ['RootSync/'],
    ['RootSync/a/b'],
    ['RepoSync/a'],
    ['RepoSync/a/b/c'],
    ['rootsync/a'],
    ['RepoSync/../x'],
    ['RootSync/A'],
  ])('refuses %j', (text) => {
    expect(() => parseSyncRef(text)).toThrow(expect.objectContaining({ code: 'bad-request' }));
  });
});

describe('reconcilerName()', () => {
  it.each([
    [rootSync('root-sync'), 'root-reconciler'],
    [rootSync('blue'), 'root-reconciler-blue'],
    [repoSync('team-a', 'repo-sync'), 'ns-reconciler-team-a'],
    [repoSync('team-a', 'shop'), 'ns-reconciler-team-a-shop-4'],
  ])('of %o is %s', (ref, name) => {
    expect(reconcilerName(ref)).toBe(name);
  });
});
