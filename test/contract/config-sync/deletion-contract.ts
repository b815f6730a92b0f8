import { describe, expect, it } from 'vitest';
import { conditionOf, isRefused, isSynced } from './client.ts';
import { configMap, declare, oci, root, team } from './manifests.ts';
import type { Place } from './subject.ts';
import type { Running } from './suite.ts';

const FOREGROUND = { 'configsync.gke.io/deletion-propagation-policy': 'Foreground' };
const FOREIGN = 'a.example/hold';
const MAX_TRIES = 8;

/** What becomes of an RSync that is deleted. */
export function deletionContract({ subject, client }: Running): void {
  describe('a deleted RSync', () => {
    it('goes by its finalizers, and leaves what it applied', async () => {
      const { create, approve, seen, image, remove, gone, find } = client();
      const [parent, child] = [root('orphaner'), team('orphan')];
      const spec = oci(image('configs/none', ':v1'));
      const pusher = subject().pusher('configs/orphaner');
      const digest = await pusher.image({ 'child.yaml': declare(child, spec) }, 'v1');
      await create(parent, oci(image('configs/orphaner', ':v1')));
      await approve(parent, digest);
      await seen(parent, isSynced(digest));
      await remove(parent);
      await gone(parent);
      const left = await find(child);
      expect(left?.metadata.labels).not.toHaveProperty('configsync.gke.io/declared-version');
      expect(left?.metadata.annotations).not.toHaveProperty('config.k8s.io/owning-inventory');
      await remove(child);
      await gone(child);
    });

    it('takes what it applied with it under Foreground, also while it is refused', async () => {
      const { create, approve, seen, image, remove, gone, find } = client();
      const [parent, child] = [root('foreground'), team('taken')];
      const spec = oci(image('configs/none', ':v1'));
      const pusher = subject().pusher('configs/foreground');
      const digest = await pusher.image({ 'child.yaml': declare(child, spec) }, 'v1');
      await create(parent, oci(image('configs/foreground', ':v1')), { annotations: FOREGROUND });
      await approve(parent, digest);
      await seen(parent, isSynced(digest));
      const next = await pusher.image({ 'other.yaml': configMap('foreground') }, 'v1');
      await seen(parent, isRefused(next));
      await remove(parent);
      await gone(child);
      await gone(parent);
      expect(await find(child)).toBeUndefined();
    });

    it('that carries no finalizer but a foreign one is not finalized, and goes on syncing', async () => {
      const { create, approve, seen, image, merge, remove, gone } = client();
      const pusher = subject().pusher('configs/held');
      const first = await pusher.image({ 'a.yaml': configMap('held', { v: '1' }) }, 'v1');

      /** Both controllers put theirs back as long as it is not being deleted: some tries lose that race. */
      async function hold(tries: number): Promise<Place> {
        const place = root(`held-${tries}`);
        await create(place, oci(image('configs/held', ':v1')));
        await approve(place, first);
        await seen(place, isSynced(first));
        await merge(place, { metadata: { finalizers: [FOREIGN] } });
        await remove(place);
        const live = await seen(place, ({ metadata }) => metadata.deletionTimestamp !== undefined);
        if (live.metadata.finalizers.join() === FOREIGN) return place;
        await merge(place, { metadata: { finalizers: null } });
        await gone(place);
        if (tries === 0) throw new Error('the race was lost each time');
        return hold(tries - 1);
      }

      const place = await hold(MAX_TRIES);
      const second = await pusher.image({ 'a.yaml': configMap('held', { v: '2' }) }, 'v1');
      const refused = await seen(place, isRefused(second));
      expect(refused.metadata.finalizers).toEqual([FOREIGN]);
      expect(conditionOf(refused, 'ReconcilerFinalizing')).toBeUndefined();
      await approve(place, second);
      await seen(place, isSynced(second));
      await merge(place, { metadata: { finalizers: null } });
      await gone(place);
    });
  });
}
