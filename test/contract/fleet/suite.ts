import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRSyncs } from '#shared/configsync/rsyncs.ts';
import { listRSyncs } from '#test/fixtures/list-rsyncs.ts';
import { readRSync } from '#shared/configsync/read-rsync.ts';
import type { RSync } from '#shared/core/rsync.ts';
import type { SyncRef } from '#shared/core/sync-ref.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import { type RSyncManifest, repoSync, rootSync } from '#test/fixtures/rsync-manifests.ts';

/** A cluster with Config Sync's CRDs, and means to act on it as another user. */
export interface ClusterUnderTest {
  readonly api: ClusterApi;
  /** As whom the API server knows us. */
  readonly user: string;
  /** Creates, or replaces. */
  put(manifest: RSyncManifest): Promise<void>;
  remove(ref: SyncRef): Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface ClusterContract {
  readonly name: string;
  readonly start: () => Promise<ClusterUnderTest>;
}

const ROOT: SyncRef = {
  kind: 'RootSync',
  namespace: 'config-management-system',
  name: 'root-sync',
};
const APPROVED = 'countersign.dev/approved';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const rsyncs = createRSyncs({ onUnreadable: () => {} });

/** What the client and the configsync room promise, over any Kubernetes API server. */
export function clusterApiContract({ name, start }: ClusterContract): void {
  describe(`cluster API over ${name}`, () => {
    let cluster: ClusterUnderTest;
    beforeEach(async () => {
      cluster = await start();
      await cluster.put(rootSync());
      await cluster.put(repoSync());
    });
    afterEach(() => cluster?.stop());

    async function readRoot(): Promise<RSync> {
      const rsync = await rsyncs.read(cluster.api, ROOT);
      if (rsync === undefined) throw new Error('The RootSync is gone');
      return rsync;
    }

    it('discovers Config Sync', async () => {
      expect(await cluster.api.discover()).toBe(true);
    });

    it('says what it runs, and as whom it knows us', async () => {
      const { kubernetes, user } = await cluster.api.describe();
      expect(kubernetes).toMatch(/^1\.\d+\.\d+$/);
      expect(user).toBe(cluster.user);
    });

    it('lists both kinds over all namespaces', async () => {
      const { rsyncs: listed, unreadable } = await listRSyncs(cluster.api);
      expect(listed.map(({ ref }) => ref)).toEqual([
        ROOT,
        { kind: 'RepoSync', namespace: 'team-a', name: 'repo-sync' },
      ]);
      expect(listed.map(({ source }) => source.type)).toEqual(['oci', 'oci']);
      expect(unreadable).toEqual([]);
    });

    it('lists in pages, none missing and none twice', async () => {
      for (const letter of ['a', 'b', 'c', 'd']) await cluster.put(rootSync({}, undefined, letter));
      const names: unknown[] = [];
      let next: string | undefined;
      do {
        const more: { continue?: string } = next === undefined ? {} : { continue: next };
        const page = await cluster.api.list('RootSync', { limit: 2, ...more });
        expect(page.items.length).toBeLessThanOrEqual(2);
        names.push(...page.items.map((item) => readRSync(item).ref.name));
        next = page.continue;
      } while (next !== undefined);
      expect(names).toEqual(['a', 'b', 'c', 'd', 'root-sync']);
    });

    it('reads what it lists', async () => {
      const { rsyncs: listed } = await listRSyncs(cluster.api);
      expect(listed[0]).toEqual(await readRoot());
    });

    it('writes annotations, an empty one too, and leaves the rest alone', async () => {
      const other = { 'example.com/mine': 'x' };
      await cluster.put(rootSync(other));
      const before = await readRoot();
      await rsyncs.write(cluster.api, before, { annotations: { [APPROVED]: DIGEST } });
      const approved = await readRoot();
      expect(approved.annotations.approved.text).toBe(DIGEST);
      await rsyncs.write(cluster.api, approved, { annotations: { [APPROVED]: '' } });
      const withdrawn = await readRoot();
      expect(withdrawn.annotations.approved.text).toBe('');
      expect(withdrawn.source).toEqual(before.source);
      expect(withdrawn.generation).toBe(before.generation);
      expect(await cluster.api.get(ROOT)).toMatchObject({ metadata: { annotations: other } });
    });

    it('pins the image and nothing beside it', async () => {
      const before = await readRoot();
      if (before.source.type !== 'oci') throw new Error('Not an OCI source');
      const image = `${before.source.image}@${DIGEST}`;
      await rsyncs.write(cluster.api, before, { annotations: { [APPROVED]: DIGEST }, image });
      const after = await readRoot();
      expect(after.source).toMatchObject({ type: 'oci', image, dir: before.source.dir });
      expect(after.generation).toBe(before.generation + 1);
    });

    it('refuses a patch made from an older version', async () => {
      const stale = await readRoot();
      await rsyncs.write(cluster.api, stale, { annotations: { [APPROVED]: DIGEST } });
      const late = rsyncs.write(cluster.api, stale, { annotations: { [APPROVED]: '' } });
      await expect(late).rejects.toMatchObject({ code: 'cluster-conflict', retry: true });
      expect((await readRoot()).annotations.approved.text).toBe(DIGEST);
    });

    it('persists nothing in a dry run', async () => {
      const { resourceVersion } = await readRoot();
      const body = { metadata: { resourceVersion, annotations: { [APPROVED]: DIGEST } } };
      await cluster.api.patch(ROOT, body, { fieldManager: 'countersign', dryRun: true });
      expect((await readRoot()).annotations.approved.text).toBeUndefined();
      expect((await readRoot()).resourceVersion).toBe(resourceVersion);
    });

    it('distinguishes an object that is gone from a cluster without Config Sync', async () => {
      const gone = await readRoot();
      await cluster.remove(ROOT);
      expect(await rsyncs.read(cluster.api, ROOT)).toBeUndefined();
      const write = rsyncs.write(cluster.api, gone, { annotations: { [APPROVED]: DIGEST } });
      await expect(write).rejects.toMatchObject({ code: 'cluster-conflict' });
    });
  });
}
