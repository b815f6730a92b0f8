import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import { listRSyncs } from '#test/fixtures/list-rsyncs.ts';
import type { ObjectPage, PageRequest } from '#shared/fleet/cluster-api.ts';
import { fakeApi } from './fake-api.ts';
import { repoSync, rootSync } from './objects.ts';

/** A cluster whose RepoSyncs fit fifty to a page. */
function listFifty(kind: string, page: PageRequest): ObjectPage {
  if (kind === 'RootSync') return { items: [] };
  if (page.limit > 50) throw new CountersignError('too-large', 'Answer is too large');
  return page.continue === undefined ? { items: [repoSync()], continue: 'p2' } : { items: [] };
}

describe('listRSyncs()', () => {
  it('makes exactly two calls where each kind fits a page', async () => {
    const { api, calls } = fakeApi({
      list: (kind) => ({ items: [kind === 'RootSync' ? rootSync() : repoSync()] }),
    });
    const { rsyncs, unreadable } = await listRSyncs(api);
    expect(rsyncs.map(({ ref }) => ref.kind)).toEqual(['RootSync', 'RepoSync']);
    expect(unreadable).toEqual([]);
    expect(calls).toEqual([
      ['list', 'RootSync', { limit: 500 }],
      ['list', 'RepoSync', { limit: 500 }],
    ]);
  });

  it('follows the pages of a large cluster', async () => {
    const pages: Record<string, ObjectPage> = {
      '': { items: [repoSync({ metadata: { name: 'a' } })], continue: 'p2' },
      p2: { items: [repoSync({ metadata: { name: 'b' } })], continue: 'p3' },
      p3: { items: [repoSync({ metadata: { name: 'c' } })] },
    };
    const { api } = fakeApi({
      list: (kind, { continue: at = '' }) =>
        (kind === 'RepoSync' ? pages[at] : undefined) ?? { items: [] },
    });
    const { rsyncs } = await listRSyncs(api);
    expect(rsyncs.map(({ ref }) => ref.name)).toEqual(['a', 'b', 'c']);
  });

  it('shows a bad source as a row, leaves out what has no name, and hides nothing else', async () => {
    const bad = rootSync({
      metadata: { name: 'bad' },
      spec: { sourceType: 'oci', oci: { image: 7 } },
    });
    const items = [bad, { metadata: {} }, null, 'x', rootSync()];
    const { api } = fakeApi({ list: (kind) => ({ items: kind === 'RootSync' ? items : [] }) });
    const { rsyncs, unreadable } = await listRSyncs(api);
    expect(rsyncs.map(({ ref, source }) => [ref.name, source.type])).toEqual([
      ['bad', 'invalid'],
      ['root-sync', 'oci'],
    ]);
    expect(unreadable).toHaveLength(3);
  });

  it('takes the kind from the list, not from the object', async () => {
    const { kind: _, ...bare } = repoSync();
    const { api } = fakeApi({
      list: (kind) => ({ items: kind === 'RepoSync' ? [bare, rootSync()] : [] }),
    });
    const { rsyncs } = await listRSyncs(api);
    expect(rsyncs.map(({ ref }) => ref.kind)).toEqual(['RepoSync', 'RepoSync']);
  });

  it('asks for smaller pages where a page is too large, and stays with them', async () => {
    const { api, calls } = fakeApi({ list: listFifty });
    expect((await listRSyncs(api)).rsyncs).toHaveLength(1);
    expect(calls.filter(([, kind]) => kind === 'RepoSync').map(([, , page]) => page)).toEqual([
      { limit: 500 },
      { limit: 50 },
      { limit: 50, continue: 'p2' },
    ]);
  });

  it('gives up where even one object is too large', async () => {
    const { api, calls } = fakeApi({
      list: () => {
        throw new CountersignError('too-large', 'Answer is too large');
      },
    });
    await expect(listRSyncs(api)).rejects.toMatchObject({ code: 'too-large' });
    const limits = calls.filter(([, kind]) => kind === 'RootSync').map(([, , page]) => page);
    expect(limits).toEqual([500, 50, 5, 1].map((limit) => ({ limit })));
  });

  it('stops at a cluster that lists without end', async () => {
    const { api, calls } = fakeApi({ list: () => ({ items: [], continue: 'more' }) });
    await expect(listRSyncs(api)).rejects.toMatchObject({
      code: 'cluster-unreachable',
      retry: false,
    });
    expect(calls.length).toBeLessThanOrEqual(2_000);
  });

  it.each(['cluster-unreachable', 'no-config-sync', 'cluster-conflict'] as const)(
    'passes on %s, for a part of a list is no list',
    async (code) => {
      const { api } = fakeApi({
        list: (kind) => {
          if (kind === 'RepoSync') throw new CountersignError(code, 'No');
          return { items: [rootSync()] };
        },
      });
      await expect(listRSyncs(api)).rejects.toMatchObject({ code });
    },
  );
});
