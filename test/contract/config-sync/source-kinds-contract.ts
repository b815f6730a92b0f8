import { stringify } from 'yaml';
import { describe, expect, it } from 'vitest';
import { conditionOf, IMAGE_TO_SYNC, isRefused, isSynced } from './client.ts';
import { configMap, oci, root } from './manifests.ts';
import type { Running } from './suite.ts';

/** Sources other than an existing tag: a chart, a pin, an image that is still to come. */
export function sourceKindsContract({ subject, client }: Running): void {
  describe('a source', () => {
    it('that is a chart is announced and synced by its version', async () => {
      const { create, approve, seen } = client();
      const place = root('chart');
      const version = '1.0.0';
      const chart = stringify({ apiVersion: 'v2', name: 'web', version });
      const files = { 'web/Chart.yaml': chart, 'web/templates/a.yaml': configMap('chart') };
      await subject().pusher('charts/web').chart(files, version, [version]);
      const repo = `oci://${subject().registry}/charts`;
      const helm = { repo, chart: 'web', version, auth: 'none' };
      await create(place, { sourceType: 'helm', sourceFormat: 'unstructured', helm });
      const refused = await seen(place, isRefused(version));
      expect(refused.metadata.annotations).not.toHaveProperty(IMAGE_TO_SYNC);
      await approve(place, `${subject().registry}/charts/web:${version}`);
      const live = await seen(place, isSynced(version));
      expect(live.metadata.annotations[IMAGE_TO_SYNC]).toBe(`${repo}@sha256:${version}`);
      expect(live.status.sync).toMatchObject({
        commit: version,
        helmStatus: { repo, chart: 'web', version },
      });
    });

    it('that is pinned is not moved by its tag', async () => {
      const { create, approve, merge, seen, image } = client();
      const place = root('moved');
      const pusher = subject().pusher('configs/moved');
      const first = await pusher.image({ 'a.yaml': configMap('moved', { v: '1' }) }, 'v1');
      await create(place, oci(image('configs/moved', ':v1')));
      await approve(place, first);
      await seen(place, isSynced(first));
      const second = await pusher.image({ 'a.yaml': configMap('moved', { v: '2' }) }, 'v1');
      await seen(place, isRefused(second));
      const pinned = `${image('configs/moved', ':v1')}@${first}`;
      await merge(place, { spec: { oci: { image: pinned } } });
      const live = await seen(
        place,
        (now) => isSynced(first)(now) && now.metadata.annotations[IMAGE_TO_SYNC] !== pinned,
      );
      expect(live.metadata.annotations[IMAGE_TO_SYNC]).toBe(`${pinned}@${first}`);
      expect(live.status).toMatchObject({
        observedGeneration: 3,
        sync: { ociStatus: { image: pinned } },
      });
    });

    it('that is not there is an error of the pull, until it is', async () => {
      const { create, approve, seen, image } = client();
      const place = root('absent');
      await create(place, oci(image('configs/absent', ':v1')));
      const failed = await seen(place, ({ status }) => status.source.errors !== undefined);
      expect(failed.status.source).toMatchObject({
        errors: [{ code: '2004', errorMessage: expect.stringContaining('failed to pull image') }],
      });
      expect(failed.status.source.commit ?? '').toBe('');
      expect(conditionOf(failed, 'Syncing')).toMatchObject({
        status: 'False',
        reason: 'Source',
        errorSourceRefs: ['status.source.errors'],
      });
      const files = { 'a.yaml': configMap('absent') };
      const digest = await subject().pusher('configs/absent').image(files, 'v1');
      await approve(place, digest);
      await seen(place, isSynced(digest));
    });
  });
}
