import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { PROJECT, uniqueId } from './contract-world.ts';
import type { World } from './contract-world.ts';

const topicPage = z.object({
  topics: z.array(z.object({ name: z.string() })).default([]),
  nextPageToken: z.string().default(''),
});

/** Topics and subscriptions: made, shown, listed, changed, deleted. */
export function administersResources(world: () => World): void {
  describe('administration', () => {
    it('creates, shows and deletes a topic', async () => {
      const name = await world().topic();
      expect(await world().rest('GET', name)).toMatchObject({ status: 200, body: { name } });
      expect(await world().rest('DELETE', name)).toEqual({ status: 200, body: {} });
      expect(await world().rest('GET', name)).toMatchObject({ status: 404 });
    });

    it('creates, shows and deletes a subscription with its defaults', async () => {
      const topic = await world().topic();
      const name = await world().subscription(topic);
      const shown = await world().rest('GET', name);
      expect(shown.body).toMatchObject({
        name,
        topic,
        pushConfig: {},
        ackDeadlineSeconds: 10,
        messageRetentionDuration: '604800s',
      });
      expect(await world().rest('DELETE', name)).toEqual({ status: 200, body: {} });
      expect(await world().rest('GET', name)).toMatchObject({ status: 404 });
    });

    it('gives back the settings of a subscription', async () => {
      const settings = {
        ackDeadlineSeconds: 600,
        enableMessageOrdering: true,
        retryPolicy: { minimumBackoff: '10s', maximumBackoff: '600s' },
        deadLetterPolicy: { deadLetterTopic: await world().topic(), maxDeliveryAttempts: 7 },
        pushConfig: {
          pushEndpoint: world().endpoint.url(200),
          oidcToken: { serviceAccountEmail: 'push@p.iam.gserviceaccount.com', audience: 'aud' },
        },
      };
      const name = await world().subscription(await world().topic(), settings);
      expect((await world().rest('GET', name)).body).toMatchObject(settings);
    });

    it('serves the same resources to the client', async () => {
      const [topic] = await world().client.createTopic(uniqueId('topic'));
      const [subscription] = await topic.createSubscription(uniqueId('sub'));
      const [topics] = await world().client.getTopics();
      expect(topics.map(({ name }) => name)).toContain(topic.name);
      const [metadata] = await subscription.getMetadata();
      expect(metadata).toMatchObject({ topic: topic.name, ackDeadlineSeconds: 10 });
      const [subscriptions] = await topic.getSubscriptions();
      expect(subscriptions.map(({ name }) => name)).toEqual([subscription.name]);
      expect(await world().client.topic(uniqueId('none')).exists()).toEqual([false]);
    });

    it('lists page by page', async () => {
      const names = [await world().topic(), await world().topic(), await world().topic()];
      const found: string[] = [];
      let token = '';
      do {
        const path = `${PROJECT}/topics?pageSize=2&pageToken=${encodeURIComponent(token)}`;
        const page = topicPage.parse((await world().rest('GET', path)).body);
        expect(page.topics.length).toBeLessThanOrEqual(2);
        found.push(...page.topics.map(({ name }) => name));
        token = page.nextPageToken;
      } while (token !== '');
      expect(found).toEqual(expect.arrayContaining(names));
      expect(new Set(found).size).toBe(found.length);
    });

    it('lists the subscriptions of one topic', async () => {
      const topic = await world().topic();
      const names = [await world().subscription(topic), await world().subscription(topic)];
      await world().subscription(await world().topic());
      const { body } = await world().rest('GET', `${topic}/subscriptions`);
      expect(body).toEqual({ subscriptions: names.toSorted() });
    });

    it('changes the fields of the update mask only', async () => {
      const topic = await world().topic();
      const name = await world().subscription(topic, { ackDeadlineSeconds: 30 });
      await world().rest('PATCH', name, {
        subscription: { name, retryPolicy: { minimumBackoff: '1s', maximumBackoff: '2s' } },
        updateMask: 'retryPolicy',
      });
      expect((await world().rest('GET', name)).body).toMatchObject({
        ackDeadlineSeconds: 30,
        retryPolicy: { minimumBackoff: '1s', maximumBackoff: '2s' },
      });
    });

    it('takes an update from the client', async () => {
      const name = await world().subscription(await world().topic());
      await world().client.subscription(name).setMetadata({ ackDeadlineSeconds: 77 });
      expect((await world().rest('GET', name)).body).toMatchObject({ ackDeadlineSeconds: 77 });
    });

    it('keeps the subscription of a deleted topic, with what it holds', async () => {
      const topic = await world().topic();
      const name = await world().subscription(topic);
      const [id] = await world().publish(topic, { attributes: { kept: 'yes' } });
      await world().rest('DELETE', topic);
      expect((await world().rest('GET', name)).body).toMatchObject({ topic: '_deleted-topic_' });
      const [received] = await world().pull(name);
      expect(received?.message.messageId).toBe(id);
    });
  });
}
