import { describe, expect, it } from 'vitest';
import { conditionOf, IMAGE_TO_SYNC, isRefused, isSynced } from './client.ts';
import { configMap, oci, root } from './manifests.ts';
import type { Running } from './suite.ts';

const ONE = { totalCount: 1, errorCountAfterTruncation: 1 };

/** What a refused announcement shows, and what it leaves behind. */
export function refusalContract({ subject, client }: Running): void {
  describe('a refused announcement', () => {
    it('of a new digest: 2002, nothing rendered, nothing applied; approved, it is applied', async () => {
      const { create, approve, seen, image } = client();
      const place = root('refused');
      const pusher = subject().pusher('configs/refused');
      const first = await pusher.image({ 'a.yaml': configMap('refused', { v: '1' }) }, 'v1');
      await create(place, oci(image('configs/refused', ':v1')));
      await approve(place, first);
      await seen(place, isSynced(first));
      const second = await pusher.image({ 'a.yaml': configMap('refused', { v: '2' }) }, 'v1');
      const refused = await seen(place, isRefused(second));
      const text = refused.status.source.errors?.[0]?.errorMessage ?? '';
      expect(text).toMatch(
        /^KNV2002: failed to patch RootSync annotation: configsync\.gke\.io\/image-to-sync: APIServer error: rootsyncs\.configsync\.gke\.io "refused" is forbidden: ValidatingAdmissionPolicy /,
      );
      const old = first.replace('sha256:', '');
      expect(refused.status).toMatchObject({
        lastSyncedCommit: old,
        source: { errorSummary: ONE },
        rendering: { commit: old },
        sync: { commit: old, errorSummary: {} },
      });
      expect(conditionOf(refused, 'Syncing')).toMatchObject({
        status: 'False',
        reason: 'Source',
        message: 'Source',
        commit: second.replace('sha256:', ''),
        errorSourceRefs: ['status.source.errors'],
        errorSummary: ONE,
      });
      expect(refused.metadata.annotations[IMAGE_TO_SYNC]).toBe(
        `${image('configs/refused', ':v1')}@${first}`,
      );
      await approve(place, `${second} ${first}`);
      const live = await seen(place, isSynced(second));
      expect(live.metadata.annotations[IMAGE_TO_SYNC]).toBe(
        `${image('configs/refused', ':v1')}@${second}`,
      );
    });

    it.each([
      ['git', { sourceType: 'git', git: { repo: 'https://git.example/configs', auth: 'none' } }],
      [
        'Helm over http',
        {
          sourceType: 'helm',
          helm: { repo: 'https://charts.example', chart: 'a', version: '1.0.0', auth: 'none' },
        },
      ],
    ])('is what %s, which announces nothing, meets at its creation', async (_, spec) => {
      await expect(client().create(root('silent'), spec)).rejects.toThrow(/"code":422/);
    });

    it('of a digest approved ahead of its tag never happens', async () => {
      const { create, approve, seen, image } = client();
      const place = root('ahead');
      const pusher = subject().pusher('configs/ahead');
      const first = await pusher.image({ 'a.yaml': configMap('ahead', { v: '1' }) }, 'v1');
      const second = await pusher.image({ 'a.yaml': configMap('ahead', { v: '2' }) });
      await create(place, oci(image('configs/ahead', ':v1')));
      await approve(place, `${second} ${first}`);
      await seen(place, isSynced(first));
      await pusher.image({ 'a.yaml': configMap('ahead', { v: '2' }) }, 'v1');
      let refusals = 0;
      await seen(place, (live) => {
        refusals += live.status.source.errors === undefined ? 0 : 1;
        return isSynced(second)(live);
      });
      expect(refusals).toBe(0);
    });

    it('of the digest that is synced: Syncing goes on to speak of the sync, with one error', async () => {
      const { create, approve, seen, image } = client();
      const place = root('withdrawn');
      const pusher = subject().pusher('configs/withdrawn');
      const digest = await pusher.image({ 'a.yaml': configMap('withdrawn') }, 'v1');
      await create(place, oci(image('configs/withdrawn', ':v1')));
      await approve(place, digest);
      await seen(place, isSynced(digest));
      await approve(place, '');
      const refused = await seen(place, (live) => {
        const syncing = conditionOf(live, 'Syncing');
        return isRefused(digest)(live) && syncing?.['reason'] === 'Sync';
      });
      expect(conditionOf(refused, 'Syncing')).toMatchObject({
        status: 'False',
        reason: 'Sync',
        message: 'Sync Completed',
        commit: digest.replace('sha256:', ''),
        errorSourceRefs: ['status.source.errors'],
        errorSummary: ONE,
      });
      expect(refused.status.lastSyncedCommit).toBe(digest.replace('sha256:', ''));
      // Approved again: the error stays until the next retry parses the source anew.
      await approve(place, digest);
      await seen(place, isSynced(digest));
    });

    it('stays in source.errors while rendering fails, and Syncing does not speak of it', async () => {
      const { create, approve, seen, image } = client();
      const place = root('stale');
      const pusher = subject().pusher('configs/stale');
      const kustomization = 'resources: [a.yaml, missing.yaml]\n';
      const files = { 'kustomization.yaml': kustomization, 'a.yaml': configMap('stale') };
      const digest = await pusher.image(files, 'v1');
      await create(place, oci(image('configs/stale', ':v1')));
      await seen(place, isRefused(digest));
      await approve(place, digest);
      // The pod that renders is a new one, and knows nothing of the refusal.
      const stale = await seen(
        place,
        ({ status }) => status.rendering.message === 'Rendering failed',
      );
      expect(stale.status.source.errors?.map(({ code }) => code)).toEqual(['2002']);
      expect(stale.status.rendering.errors?.map(({ code }) => code)).toEqual(['1068']);
      expect(conditionOf(stale, 'Syncing')).toMatchObject({
        status: 'False',
        errorSourceRefs: ['status.rendering.errors'],
      });
    });
  });
}
