import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClusterRecord, ImageRecord, Store } from '#shared/store/store.ts';

export interface StoreUnderTest {
  readonly name: string;
  /** Opens the store of one test again and again: every call sees what the others wrote. */
  readonly open: () => Promise<Store>;
  /** Writes raw text where the record of `cluster` is. */
  readonly corrupt: (cluster: string, text: string) => Promise<void>;
}

export const T0 = '2026-11-22T05:00:00.000Z';
export const T1 = '2026-11-22T05:00:01.000Z';
const T2 = '2026-11-22T05:00:02.000Z';

/** A cluster's record with one RSync. */
export function clusterRecord(
  cluster: string,
  overrides: Partial<ClusterRecord> = {},
): ClusterRecord {
  return {
    cluster,
    phase: 'Reachable',
    since: T0,
    reconciledAt: T1,
    follows: ['r.example/configs/platform'],
    syncs: [
      {
        sync: 'RootSync/root-sync',
        uid: 'uid-1',
        image: 'r.example/configs/platform:v1',
        approved: [`sha256:${'a'.repeat(64)}`],
        record: { phase: 'Synced', since: T0, failure: { phase: 'Blocked', since: T0 } },
        verdict: 'verified',
        message: 'Live',
        errors: [{ code: '2002', message: 'refused' }],
        nomos: 'SYNCED',
      },
    ],
    ...overrides,
  };
}

const IMAGE: ImageRecord = {
  repository: 'r.example/configs/platform',
  digest: `sha256:${'a'.repeat(64)}`,
  status: 'verified',
  policy: `sha256:${'b'.repeat(64)}`,
  since: T0,
  readAt: T0,
};

/** What every store must do, whatever it is made of. */
export function storeContract({ name, open, corrupt }: StoreUnderTest): void {
  describe(`store contract: ${name}`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(async () => {
      await store?.close();
    });

    it('reads back what was written, through another handle too', async () => {
      const record = clusterRecord('c1');
      await store.writeCluster(record);
      const other = await open();
      expect(await store.readCluster('c1')).toEqual(record);
      expect(await other.readCluster('c1')).toEqual(record);
      await other.close();
    });

    it('knows nothing of a cluster or image that was never written', async () => {
      expect(await store.readCluster('c1')).toBeUndefined();
      expect(await store.readImage(IMAGE)).toBeUndefined();
      expect(await store.listClusters({ limit: 10 })).toEqual([]);
    });

    it('forgets a deleted cluster, and that it followed anything', async () => {
      await store.writeCluster(clusterRecord('c1'));
      await store.deleteCluster('c1');
      expect(await store.readCluster('c1')).toBeUndefined();
      const { known, following } = await store.followers('r.example/configs/platform');
      expect([...known, ...following]).toEqual([]);
    });

    it('deletes a cluster that is not there without complaint', async () => {
      await expect(store.deleteCluster('c1')).resolves.toBeUndefined();
    });

    it.each([
      ['a later start', T1, T2, true],
      ['the same start, as of a cluster that became unreachable', T1, T1, true],
      ['an earlier start', T2, T1, false],
      ['no start, over one', T1, undefined, false],
      ['a start, over none', undefined, T1, true],
      ['no start, over none', undefined, undefined, true],
    ])('takes a record with %s: %s then %s: %s', async (_case, first, second, replaced) => {
      await store.writeCluster(named('first', first));
      await store.writeCluster(named('second', second));
      const { message } = (await store.readCluster('c1')) ?? {};
      expect(message).toBe(replaced ? 'second' : 'first');
      const { following } = await store.followers('r.example/second');
      expect(following.has('c1')).toBe(replaced && second !== undefined);
    });

    describe('over a record that was read', () => {
      const renamed = (message: string): ClusterRecord => clusterRecord('c1', { message });

      it('replaces that one, however it was put together', async () => {
        await store.writeCluster(clusterRecord('c1'));
        const read = await store.readCluster('c1');
        const backwards = Object.fromEntries(Object.entries(read ?? {}).toReversed());
        expect(
          await store.writeCluster(renamed('second'), {
            over: { ...clusterRecord('c1'), ...backwards },
          }),
        ).toBe(true);
        expect(await store.writeCluster(renamed('third'), { over: renamed('second') })).toBe(true);
        expect((await store.readCluster('c1'))?.message).toBe('third');
      });

      it.each<[string, ClusterRecord | undefined, ClusterRecord | undefined]>([
        ['another one', renamed('other'), clusterRecord('c1')],
        ['one where there was none', renamed('other'), undefined],
        ['none where there was one', undefined, clusterRecord('c1')],
      ])('leaves %s alone, and says so', async (_, inPlace, over) => {
        if (inPlace !== undefined) await store.writeCluster(inPlace);
        expect(await store.writeCluster(renamed('mine'), { over })).toBe(false);
        expect(await store.readCluster('c1')).toEqual(inPlace);
        const { following } = await store.followers('r.example/configs/platform');
        expect(following.has('c1')).toBe(inPlace !== undefined);
      });

      it('follows what the new one follows', async () => {
        const before = clusterRecord('c1', { follows: ['a'] });
        const after = clusterRecord('c1', { follows: ['b'] });
        await store.writeCluster(before);
        expect(await store.writeCluster(after, { over: before })).toBe(true);
        expect([...(await store.followers('a')).following]).toEqual([]);
        expect([...(await store.followers('b')).following]).toEqual(['c1']);
      });

      it('writes the first', async () => {
        expect(await store.writeCluster(renamed('mine'), { over: undefined })).toBe(true);
        expect((await store.readCluster('c1'))?.message).toBe('mine');
      });

      it('takes what cannot be read for none', async () => {
        await store.writeCluster(clusterRecord('c1'));
        await corrupt('c1', '{');
        expect(await store.writeCluster(renamed('mine'), { over: undefined })).toBe(true);
        expect((await store.readCluster('c1'))?.message).toBe('mine');
      });

      it('lets one of many win', async () => {
        await store.writeCluster(clusterRecord('c1'));
        const other = await open();
        const writers = Array.from({ length: 8 }, (_, index) =>
          (index % 2 === 0 ? store : other).writeCluster(renamed(`writer ${index}`), {
            over: clusterRecord('c1'),
          }),
        );
        const results = await Promise.all(writers);
        await other.close();
        expect(results.filter((won) => won)).toHaveLength(1);
        const { message } = (await store.readCluster('c1')) ?? {};
        expect(message).toBe(`writer ${results.indexOf(true)}`);
      });
    });

    it('compares starts as times, not as text', async () => {
      await store.writeCluster(named('first', '2026-11-22T05:00:01.500Z'));
      await store.writeCluster(named('second', '2026-11-22T05:00:01Z'));
      expect((await store.readCluster('c1'))?.message).toBe('first');
    });

    it('distinguishes followers from clusters that are known to follow nothing of a repository', async () => {
      await store.writeCluster(clusterRecord('c1'));
      await store.writeCluster(clusterRecord('c2', { follows: ['r.example/other'] }));
      await store.writeCluster(withoutStart('c3'));
      const { known, following } = await store.followers('r.example/configs/platform');
      expect([...known].toSorted()).toEqual(['c1', 'c2']);
      expect([...following]).toEqual(['c1']);
    });

    it('drops a repository that a cluster no longer follows', async () => {
      await store.writeCluster(clusterRecord('c1', { follows: ['a', 'b', 'b'] }));
      await store.writeCluster(clusterRecord('c1', { follows: ['b'] }));
      expect([...(await store.followers('a')).following]).toEqual([]);
      expect([...(await store.followers('b')).following]).toEqual(['c1']);
    });

    it('lists clusters in order of name, page by page', async () => {
      for (const cluster of ['c3', 'c1', 'c2', 'projects/p/locations/l/memberships/m']) {
        await store.writeCluster(clusterRecord(cluster));
      }
      const first = await store.listClusters({ limit: 2 });
      const second = await store.listClusters({ after: 'c2', limit: 2 });
      const third = await store.listClusters({
        after: 'projects/p/locations/l/memberships/m',
        limit: 2,
      });
      expect([first, second, third].map((page) => page.map(({ cluster }) => cluster))).toEqual([
        ['c1', 'c2'],
        ['c3', 'projects/p/locations/l/memberships/m'],
        [],
      ]);
    });

    it('knows every cluster in order of name, whoever wrote or deleted one meanwhile', async () => {
      const other = await open();
      for (const cluster of ['c3', 'c1']) await store.writeCluster(clusterRecord(cluster));
      expect([...(await store.everyCluster()).keys()]).toEqual(['c1', 'c3']);
      await other.writeCluster(clusterRecord('c2'));
      await other.writeCluster(clusterRecord('c3', { message: 'theirs' }));
      await store.deleteCluster('c1');
      const records = await store.everyCluster();
      expect([...records.keys()]).toEqual(['c2', 'c3']);
      expect(records.get('c3')?.message).toBe('theirs');
      await other.deleteCluster('c2');
      expect([...(await store.everyCluster()).keys()]).toEqual(['c3']);
      await other.close();
    });

    it('passes over what cannot be read among every cluster', async () => {
      for (const cluster of ['c1', 'c2']) await store.writeCluster(clusterRecord(cluster));
      await corrupt('c1', '{');
      expect([...(await store.everyCluster()).keys()]).toEqual(['c2']);
    });

    it('follows the same after it was mended', async () => {
      await store.writeCluster(clusterRecord('c1'));
      await store.writeCluster(clusterRecord('c2', { follows: [] }));
      await store.writeCluster(withoutStart('c3'));
      await store.mend();
      const { known, following } = await store.followers('r.example/configs/platform');
      expect([...known].toSorted()).toEqual(['c1', 'c2']);
      expect([...following]).toEqual(['c1']);
    });

    it.each([
      ['no JSON', '{'],
      ['another shape', '{"cluster":"c2"}'],
      ['an unknown phase', JSON.stringify({ ...clusterRecord('c2'), phase: 'Excellent' })],
    ])('passes over a row that holds %s, and pages on', async (_case, text) => {
      for (const cluster of ['c1', 'c2', 'c3']) await store.writeCluster(clusterRecord(cluster));
      await corrupt('c2', text);
      expect(await store.readCluster('c2')).toBeUndefined();
      const page = await store.listClusters({ limit: 2 });
      expect(page.map(({ cluster }) => cluster)).toEqual(['c1', 'c3']);
      await store.writeCluster(clusterRecord('c2'));
      expect(await store.readCluster('c2')).toBeDefined();
    });

    it('ignores fields that a later version added', async () => {
      await store.writeCluster(clusterRecord('c1'));
      await corrupt('c1', JSON.stringify({ ...clusterRecord('c1'), colour: 'green' }));
      expect(await store.readCluster('c1')).toEqual(clusterRecord('c1'));
    });

    it('refuses to write what it could not read back', async () => {
      const wrong = clusterRecord('c1', { since: 'yesterday' });
      await expect(store.writeCluster(wrong)).rejects.toMatchObject({
        code: 'internal',
        retry: false,
      });
    });

    it('keeps one image record per repository and digest', async () => {
      await store.writeImage(IMAGE);
      await store.writeImage({ ...IMAGE, repository: 'r.example/other', status: 'untrusted' });
      await store.writeImage({ ...IMAGE, status: 'unsigned', since: T1 });
      expect(await store.readImage(IMAGE)).toEqual({ ...IMAGE, status: 'unsigned', since: T1 });
    });

    describe('an image over the record that was read', () => {
      const claim = { status: 'unsigned', cause: 'm1', at: T1, tag: ':v1' } as const;
      const claimed: ImageRecord = { ...IMAGE, names: IMAGE.digest, claim };

      it.each<[string, ImageRecord | undefined, ImageRecord | undefined, boolean]>([
        ['replaces that one', IMAGE, IMAGE, true],
        ['is the first', undefined, undefined, true],
        ['leaves another one alone', claimed, IMAGE, false],
        ['leaves one alone where there was none', IMAGE, undefined, false],
        ['writes nothing where there is none', undefined, IMAGE, false],
      ])('%s', async (_, inPlace, over, replaced) => {
        if (inPlace !== undefined) await store.writeImage(inPlace);
        const mine: ImageRecord = { ...IMAGE, status: 'untrusted' };
        expect(await store.writeImage(mine, { over })).toBe(replaced);
        expect(await store.readImage(IMAGE)).toEqual(replaced ? mine : inPlace);
      });

      it('is written by one of many', async () => {
        await store.writeImage(IMAGE);
        const stores = await Promise.all([open(), open(), open()]);
        const claims = stores.map((other, index) =>
          other.writeImage(
            { ...IMAGE, claim: { status: 'unsigned', cause: `m${index}`, at: T1 } },
            { over: IMAGE },
          ),
        );
        const won = await Promise.all(claims);
        expect(won.filter(Boolean)).toHaveLength(1);
        expect((await store.readImage(IMAGE))?.claim?.cause).toBe(`m${won.indexOf(true)}`);
        await Promise.all(stores.map((other) => other.close()));
      });
    });

    it('finds the tags whose last verdict is not verified, at most as many as asked for', async () => {
      const tag = (key: string, status?: ImageRecord['status']): ImageRecord => {
        const { status: _, ...rest } = IMAGE;
        return { ...rest, digest: `:${key}`, ...(status === undefined ? {} : { status }) };
      };
      await store.writeImage({ ...IMAGE, status: 'unsigned' });
      const unsigned = tag('v1', 'unsigned');
      const unchecked = tag('v2', 'unchecked');
      for (const record of [unsigned, unchecked, tag('v3', 'verified'), tag('v4')]) {
        await store.writeImage(record);
      }
      const found = await store.troubledTags(10);
      expect(found.toSorted((a, b) => (a.digest < b.digest ? -1 : 1))).toEqual([
        unsigned,
        unchecked,
      ]);
      expect(await store.troubledTags(1)).toHaveLength(1);
      await store.writeImage({ ...unsigned, status: 'verified' }, { over: unsigned });
      expect(await store.troubledTags(10)).toEqual([unchecked]);
    });

    it('keeps one note per kind and name, the later write', async () => {
      const sweep = {
        startedAt: T0,
        tasked: { c1: T0, 'projects/p/locations/l/memberships/m': T1 },
      };
      const rollout = { digest: IMAGE.digest, status: 'completed', since: T0 } as const;
      const withdrawal = {
        allowed: { [IMAGE.policy]: T0 },
        braked: { since: T1, doubtful: true, policies: [IMAGE.policy] },
        unchecked: { since: T1, doubtful: true, repositories: [IMAGE.repository] },
        over: { braked: T0, unchecked: T0 },
      } as const;
      expect(await store.readNote('sweep', 'fleet')).toBeUndefined();
      await store.writeNote('sweep', 'fleet', { startedAt: T1, tasked: {} });
      await store.writeNote('sweep', 'fleet', sweep);
      await store.writeNote('withdrawal', 'fleet', withdrawal);
      await store.writeNote('rollout', 'r.example/configs/platform:v1', rollout);
      const other = await open();
      expect(await other.readNote('sweep', 'fleet')).toEqual(sweep);
      expect(await other.readNote('withdrawal', 'fleet')).toEqual(withdrawal);
      expect(await other.readNote('rollout', 'r.example/configs/platform:v1')).toEqual(rollout);
      expect(await other.readNote('rollout', 'r.example/configs/platform:v2')).toBeUndefined();
      await other.close();
    });

    it('refuses to write a note that it could not read back', async () => {
      const wrong = store.writeNote('sweep', 'fleet', { startedAt: 'today', tasked: {} });
      await expect(wrong).rejects.toMatchObject({ code: 'internal', retry: false });
    });

    it('closes twice without complaint', async () => {
      await store.close();
      await expect(store.close()).resolves.toBeUndefined();
    });
  });
}

function withoutStart(cluster: string): ClusterRecord {
  const { reconciledAt: _, ...rest } = clusterRecord(cluster);
  return rest;
}

/** Of cluster c1, distinguished by `message` and by what it follows. */
function named(message: string, reconciledAt: string | undefined): ClusterRecord {
  const names = { message, follows: [`r.example/${message}`] };
  return reconciledAt === undefined
    ? { ...withoutStart('c1'), ...names }
    : clusterRecord('c1', { ...names, reconciledAt });
}
