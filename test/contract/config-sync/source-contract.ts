import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { conditionOf, IMAGE_TO_SYNC, isRefused, isSynced } from './client.ts';
import { configMap, oci, root, team } from './manifests.ts';
import type { Running } from './suite.ts';

const MANAGER = 'configsync.gke.io/reconciler-manager';
const RECONCILER = 'configsync.gke.io/reconciler';

/** What is written on an RSync, and what is made of its source. */
export function sourceContract({ subject, client }: Running): void {
  describe('an RSync and its source', () => {
    it.each([
      ['RootSync', root('first-sight')],
      ['RepoSync', team('first-sight')],
    ])('a %s is rewritten at first sight, synced once approved, and says so', async (_, place) => {
      const { create, approve, seen, image } = client();
      const digest = await subject()
        .pusher('configs/sight')
        .image({ 'a.yaml': configMap('sight') }, 'v1');
      await create(place, oci(image('configs/sight', ':v1')));
      const claimed = await seen(place, ({ metadata }) => metadata.finalizers.length === 2);
      const { generation, finalizers, labels, annotations, name, namespace } = claimed.metadata;
      expect(claimed.spec).toMatchObject({ oci: { period: '0s' } });
      expect([generation, finalizers]).toEqual([2, [MANAGER, RECONCILER]]);
      const id = createHash('sha256')
        .update(`${name}.${namespace}.${place.kind}.configsync.gke.io`)
        .digest('base64url');
      expect(labels).toMatchObject({ 'applyset.kubernetes.io/id': `applyset-${id}-v1` });
      expect(annotations).toMatchObject({
        'applyset.kubernetes.io/tooling': 'configsync.gke.io/v1',
      });

      const refused = await seen(place, isRefused(digest));
      expect(refused.status.source.errors?.[0]?.errorMessage).toContain(
        `KNV2002: failed to patch ${place.kind} annotation: configsync.gke.io/image-to-sync`,
      );
      await approve(place, digest);
      const live = await seen(place, isSynced(digest));
      expect(live.metadata.annotations[IMAGE_TO_SYNC]).toBe(
        `${image('configs/sight', ':v1')}@${digest}`,
      );
      const reconciling = conditionOf(live, 'Reconciling');
      expect(reconciling).toMatchObject({ status: 'False' });
      expect(reconciling).not.toHaveProperty('reason');
      expect(reconciling).not.toHaveProperty('message');
      expect(conditionOf(live, 'Stalled')).toBeUndefined();
      expect(conditionOf(live, 'Syncing')).toMatchObject({
        status: 'False',
        reason: 'Sync',
        message: 'Sync Completed',
        errorSummary: {},
      });
      expect(live.status).toMatchObject({
        observedGeneration: 2,
        rendering: { message: 'Rendering skipped', errorSummary: {} },
        sync: { ociStatus: { image: image('configs/sight', ':v1'), dir: '.' } },
      });
    });

    it('keeps a period that is there, in the notation of Go', async () => {
      const { create, seen, image } = client();
      const [plain, long] = [root('period-plain'), root('period-long')];
      await create(plain, oci(image('configs/none', ':v1'), { period: '15s' }));
      await create(long, oci(image('configs/none', ':v1'), { period: '1h' }));
      const claimed = (name: typeof plain) =>
        seen(name, ({ metadata }) => metadata.finalizers.includes(MANAGER));
      expect(await claimed(plain)).toMatchObject({
        metadata: { generation: 1 },
        spec: { oci: { period: '15s' } },
      });
      expect(await claimed(long)).toMatchObject({
        metadata: { generation: 2 },
        spec: { oci: { period: '1h0m0s' } },
      });
    });

    it('spells out the period of a chart too', async () => {
      const { create, seen } = client();
      const place = root('chart-period');
      const repo = `oci://${subject().registry}/charts`;
      const helm = { repo, chart: 'absent', version: '1.0.0', auth: 'none' };
      await create(place, { sourceType: 'helm', sourceFormat: 'unstructured', helm });
      const live = await seen(place, ({ metadata }) => metadata.finalizers.includes(MANAGER));
      expect(live).toMatchObject({ metadata: { generation: 2 }, spec: { helm: { period: '0s' } } });
    });

    it('writes the digest of a pinned image twice, and the child of an index', async () => {
      const { create, approve, seen, image } = client();
      const pusher = subject().pusher('configs/index');
      const child = await pusher.image({ 'a.yaml': configMap('child') });
      await pusher.index([{ digest: child, platform: 'linux/amd64' }], 'v1');
      const [pinned, indexed] = [root('pinned'), root('indexed')];
      await create(pinned, oci(image('configs/index', `@${child}`)));
      await create(indexed, oci(image('configs/index', ':v1')));
      await approve(pinned, child);
      await approve(indexed, child);
      const [one, other] = await Promise.all([
        seen(pinned, isSynced(child)),
        seen(indexed, isSynced(child)),
      ]);
      expect([one, other].map(({ metadata }) => metadata.annotations[IMAGE_TO_SYNC])).toEqual([
        `${image('configs/index', '')}@${child}@${child}`,
        `${image('configs/index', ':v1')}@${child}`,
      ]);
    });

    it('takes a layer that is no archive for an empty source', async () => {
      const { create, approve, seen, image } = client();
      const place = root('no-archive');
      const pusher = subject().pusher('configs/empty');
      const digest = await pusher.layers([Buffer.from(configMap('lost'))], 'v1');
      await create(place, oci(image('configs/empty', ':v1')));
      await approve(place, digest);
      const live = await seen(place, isSynced(digest));
      expect(live.status.sync).toMatchObject({ errorSummary: {} });
    });

    it.each([
      ['no auth', { image: 'x:v1' }],
      ['an auth that does not exist', { image: 'x:v1', auth: 'password' }],
      ['no image', { auth: 'none' }],
    ])('refuses an OCI source with %s', async (_, source) => {
      const creating = client().create(root('invalid'), { sourceType: 'oci', oci: source });
      await expect(creating).rejects.toThrow(/"code":422/);
    });
  });
}
