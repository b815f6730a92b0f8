import { describe, expect, it } from 'vitest';
import { base64, QUICK_RETRY } from './contract-world.ts';
import type { World } from './contract-world.ts';
import { envelopeOf } from './endpoint.ts';

/** Push: the documented request, and what its answer means. */
export function deliversByPush(world: () => World): void {
  describe('push', () => {
    it('posts the documented envelope', async () => {
      const topic = await world().topic();
      const url = world().endpoint.url(200);
      const subscription = await pushTo(world(), topic, url);
      const [id] = await world().publish(topic, {
        data: base64('{"action":"INSERT"}'),
        attributes: { a: 'b' },
      });
      const [push] = await world().endpoint.until(url, (pushes) => pushes.length > 0);
      expect(push?.headers['content-type']).toMatch(/^application\/json/);
      const envelope = envelopeOf(push);
      expect(envelope).toMatchObject({
        subscription,
        message: {
          data: base64('{"action":"INSERT"}'),
          attributes: { a: 'b' },
          messageId: id,
          message_id: id,
          publishTime: expect.stringMatching(/^\d{4}-.*Z$/),
          publish_time: expect.stringMatching(/^\d{4}-.*Z$/),
        },
      });
      expect(envelope).not.toHaveProperty('deliveryAttempt');
      expect(envelope.message).not.toHaveProperty('orderingKey');
    });

    it('sends the ordering key where it can', async () => {
      const topic = await world().topic();
      const url = world().endpoint.url(200);
      await pushTo(world(), topic, url, { enableMessageOrdering: true });
      await world().publish(topic, { data: base64('x'), orderingKey: 'cluster-1' });
      const [push] = await world().endpoint.until(url, (pushes) => pushes.length > 0);
      const expected = world().has('push-ordering-key') ? 'cluster-1' : undefined;
      expect(envelopeOf(push).message['orderingKey']).toBe(expected);
    });

    it.each([400, 404, 429, 500, 503])('pushes again after %d', async (status) => {
      const topic = await world().topic();
      const url = world().endpoint.url(status, 200);
      await pushTo(world(), topic, url);
      const [id] = await world().publish(topic, { data: base64('again') });
      const pushes = await world().endpoint.until(url, ({ length }) => length === 2);
      expect(pushes.map((push) => envelopeOf(push).message.messageId)).toEqual([id, id]);
    });

    it.each([200, 201, 204])('takes %d as an acknowledgement', async (status) => {
      expect(await answeredTwice(world(), status)).toEqual(['first', 'second']);
    });

    it('takes 202 as an acknowledgement where any documented status is one', async () => {
      const once = ['first', 'second'];
      const expected = world().has('ack-any-2xx') ? once : ['first', ...once];
      expect(await answeredTwice(world(), 202)).toEqual(expected);
    });

    it.each([205, 206])('takes %d as a refusal', async (status) => {
      expect(await answeredTwice(world(), status)).toEqual(['first', 'first', 'second']);
    });

    it('lets a failing message hold back its ordering key and no other', async () => {
      const topic = await world().topic();
      const url = world().endpoint.url(500, 200);
      await pushTo(world(), topic, url, { enableMessageOrdering: true });
      await world().publish(
        topic,
        { data: base64('a1'), orderingKey: 'a' },
        { data: base64('a2'), orderingKey: 'a' },
        { data: base64('a3'), orderingKey: 'a' },
      );
      // One key alone, so the refusal surely meets its first message.
      await world().endpoint.until(url, ({ length }) => length === 1);
      await world().publish(topic, { data: base64('b1'), orderingKey: 'b' });
      await world().endpoint.until(url, ({ length }) => length === 5);
      const data = world().endpoint.data(url);
      expect(data.filter((text) => text !== 'b1')).toEqual(['a1', 'a1', 'a2', 'a3']);
      expect(data).toContain('b1');
      expect(data.at(-1)).not.toBe('b1');
    });

    it('posts the bare data without a wrapper', async () => {
      const topic = await world().topic();
      const url = world().endpoint.url(200);
      await pushTo(world(), topic, url, {}, { noWrapper: { writeMetadata: false } });
      await world().publish(topic, { data: base64('{"bare":true}'), attributes: { a: 'b' } });
      const [push] = await world().endpoint.until(url, (pushes) => pushes.length > 0);
      expect(push?.body).toBe('{"bare":true}');
      expect(push?.headers).not.toHaveProperty('a');
      expect(push?.headers).not.toHaveProperty('x-goog-pubsub-message-id');
    });

    it('writes the metadata into headers when asked to', async () => {
      const topic = await world().topic();
      const url = world().endpoint.url(200);
      const subscription = await pushTo(
        world(),
        topic,
        url,
        {},
        { noWrapper: { writeMetadata: true } },
      );
      const [id] = await world().publish(topic, {
        data: base64('bare'),
        attributes: { 'ce-type': 'push' },
      });
      const [push] = await world().endpoint.until(url, (pushes) => pushes.length > 0);
      expect(push?.body).toBe('bare');
      expect(push?.headers).toMatchObject({
        'ce-type': 'push',
        'x-goog-pubsub-message-id': id,
        'x-goog-pubsub-subscription-name': subscription,
        'x-goog-pubsub-publish-time': expect.stringMatching(/^\d{4}-.*Z$/),
      });
    });

    it('turns into a pull subscription and back', async () => {
      const topic = await world().topic();
      const url = world().endpoint.url(200);
      const name = await pushTo(world(), topic, url);
      await world().rest('POST', `${name}:modifyPushConfig`, { pushConfig: {} });
      await world().publish(topic, { data: base64('pulled') });
      await world().ack(name, await world().pull(name));
      await world().rest('POST', `${name}:modifyPushConfig`, { pushConfig: { pushEndpoint: url } });
      await world().publish(topic, { data: base64('pushed') });
      await world().endpoint.until(url, ({ length }) => length === 1);
      expect(world().endpoint.data(url)).toEqual(['pushed']);
    });

    it('pushes no more once the subscription is deleted', async () => {
      const topic = await world().topic();
      const gone = world().endpoint.url(500);
      const kept = world().endpoint.url(200);
      const name = await pushTo(world(), topic, gone);
      await pushTo(world(), topic, kept);
      await world().publish(topic, { data: base64('x') });
      await world().endpoint.until(gone, ({ length }) => length > 1);
      await world().rest('DELETE', name);
      const before = world().endpoint.pushes(gone).length;
      await world().publish(topic, { data: base64('y') });
      await world().endpoint.until(kept, ({ length }) => length === 2);
      // One push may have been on its way while the deletion was.
      expect(world().endpoint.pushes(gone).length).toBeLessThanOrEqual(before + 1);
    });
  });
}

async function pushTo(
  world: World,
  topic: string,
  pushEndpoint: string,
  settings: object = {},
  pushConfig: object = {},
): Promise<string> {
  return world.subscription(topic, {
    retryPolicy: QUICK_RETRY,
    pushConfig: { pushEndpoint, ...pushConfig },
    ...settings,
  });
}

/**
 * What arrives of two messages of one key when the first answer is `status` and later ones 200:
 * the second follows the acknowledgement of the first, so nothing has to be waited out.
 */
async function answeredTwice(world: World, status: number): Promise<string[]> {
  const topic = await world.topic();
  const url = world.endpoint.url(status, 200);
  await pushTo(world, topic, url, { enableMessageOrdering: true });
  await world.publish(
    topic,
    { data: base64('first'), orderingKey: 'k' },
    { data: base64('second'), orderingKey: 'k' },
  );
  await world.endpoint.until(url, () => world.endpoint.data(url).includes('second'));
  return world.endpoint.data(url);
}
