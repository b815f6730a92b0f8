import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createRSyncClient,
  failureOf,
  labelled,
  manifest,
  type RSyncClient,
  watchRSyncs,
} from './rsync-client.ts';
import type { KubeUnderTest } from './suite.ts';

export interface ExpiringKube extends KubeUnderTest {
  /** Makes every earlier resourceVersion too old. */
  expire: () => Promise<void>;
}

/** What a client is answered that asks for a version which the server no longer has. */
export function expiryContract(name: string, start: () => Promise<ExpiringKube>): void {
  describe(`versions that are gone: ${name}`, () => {
    let kube: ExpiringKube;
    let client: RSyncClient;
    beforeAll(async () => {
      kube = await start();
      client = createRSyncClient(kube.config);
    });
    afterAll(() => kube?.stop());

    it('answers 410 for an expired token', async () => {
      await client.create(labelled('old-a', 'old'));
      await client.create(labelled('old-b', 'old'));
      const first = await client.list({ limit: 1, labelSelector: 'set=old' });
      await client.create(labelled('old-c', 'old'));
      await kube.expire();
      const again = {
        limit: 1,
        labelSelector: 'set=old',
        _continue: first.metadata.continue ?? '',
      };
      const failure = await failureOf(client.list(again));
      expect(failure).toMatchObject({ code: 410, reason: 'Expired' });
      expect(failure['metadata']).toHaveProperty('continue');
    });

    it('answers 410 from a version that is gone', async () => {
      const { metadata } = await client.list();
      await client.create(manifest('after-list'));
      await kube.expire();
      const { resourceVersion } = metadata;
      const watch = await watchRSyncs(kube.config, { resourceVersion });
      await watch.ended;
      expect(watch.events).toEqual([{ type: 'ERROR', name: undefined, code: 410 }]);
    });
  });
}
