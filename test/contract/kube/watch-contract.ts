import { describe, expect, it, vi } from 'vitest';
import { PATIENCE } from '#test/patience.ts';
import { labelled, manifest, type RSyncClient, watchRSyncs } from './rsync-client.ts';
import type { KubeUnderTest } from './suite.ts';

/** How changes are followed, and when that ends. */
export function watchContract(subject: {
  kube: () => KubeUnderTest;
  client: () => RSyncClient;
}): void {
  const { kube, client } = subject;
  describe('watch', () => {
    it('follows from a resourceVersion, and lets go when the client does', async () => {
      const { metadata } = await client().list();
      await client().create(manifest('watched'));
      const { resourceVersion } = metadata;
      const watch = await watchRSyncs(kube().config, { resourceVersion });
      await client().merge('watched', { metadata: { annotations: { a: 'b' } } });
      await client().remove('watched');
      await vi.waitFor(() => expect(watch.events.length).toBeGreaterThanOrEqual(3), PATIENCE);
      watch.close();
      expect(watch.events.map((event) => [event.type, event.name])).toEqual([
        ['ADDED', 'watched'],
        ['MODIFIED', 'watched'],
        ['DELETED', 'watched'],
      ]);
    });

    it('begins with what is there where no version is named', async () => {
      await client().create(manifest('there'));
      const fieldSelector = 'metadata.name=there';
      const watch = await watchRSyncs(kube().config, { fieldSelector });
      await vi.waitFor(() => expect(watch.events).toHaveLength(1), PATIENCE);
      watch.close();
      expect(watch.events[0]).toMatchObject({ type: 'ADDED', name: 'there' });
    });

    it('shows an object that leaves the selector as deleted', async () => {
      await client().create(labelled('leaving', 'leave'));
      const watch = await watchRSyncs(kube().config, { labelSelector: 'set=leave' });
      await client().merge('leaving', { metadata: { labels: { set: null } } });
      await vi.waitFor(() => expect(watch.events).toHaveLength(2), PATIENCE);
      watch.close();
      expect(watch.events.map((event) => event.type)).toEqual(['ADDED', 'DELETED']);
      // As the watch knows it, for caches find an object by its labels.
      expect(watch.events[1]?.labels).toEqual({ set: 'leave' });
    });

    it('ends after timeoutSeconds', async () => {
      const watch = await watchRSyncs(kube().config, { timeoutSeconds: 1 });
      await expect(watch.ended).resolves.toBeUndefined();
    });
  });
}
