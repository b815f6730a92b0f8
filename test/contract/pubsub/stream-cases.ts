import type { Message, Subscription } from '@google-cloud/pubsub';
import { describe, expect, it } from 'vitest';
import { base64, uniqueId } from './contract-world.ts';
import type { World } from './contract-world.ts';

const NOT_FOUND = 5;

/** StreamingPull, through the real client. */
export function deliversByStream(world: () => World): void {
  describe('streaming pull', () => {
    it('delivers and takes acknowledgements', async () => {
      const topic = await world().topic();
      const name = await world().subscription(topic);
      await world().publish(
        topic,
        { data: base64('one'), attributes: { n: '1' } },
        { data: base64('two') },
      );
      const seen = await listen(world(), name, 2, (message) => message.ack());
      expect(seen.map(({ data }) => data.toString()).toSorted()).toEqual(['one', 'two']);
      expect(seen.find(({ attributes }) => attributes['n'] === '1')).toBeDefined();
    });

    it('delivers what is published while the stream is open', async () => {
      const topic = await world().topic();
      const name = await world().subscription(topic);
      const seen = listen(world(), name, 3, (message) => message.ack());
      for (const data of ['a', 'b', 'c']) await world().publish(topic, { data: base64(data) });
      expect((await seen).map(({ data }) => data.toString()).toSorted()).toEqual(['a', 'b', 'c']);
    });

    it('delivers again after a nack', async () => {
      const topic = await world().topic();
      const name = await world().subscription(topic);
      await world().publish(topic, { data: base64('again') });
      let refused = false;
      const seen = await listen(world(), name, 2, (message) => {
        if (refused) message.ack();
        else message.nack();
        refused = true;
      });
      expect(seen[0]?.id).toBe(seen[1]?.id);
    });

    it('keeps the order of a key', async () => {
      const topic = await world().topic();
      const name = await world().subscription(topic, { enableMessageOrdering: true });
      const expected = Array.from({ length: 20 }, (_, index) => `m${index}`);
      const messages = expected.map((data) => ({ data: base64(data), orderingKey: 'k' }));
      await world().publish(topic, ...messages);
      const seen = await listen(world(), name, expected.length, (message) => message.ack());
      expect(seen.map(({ data }) => data.toString())).toEqual(expected);
      expect(seen[0]?.orderingKey).toBe('k');
    });

    it('does not exceed the flow control of its client', async () => {
      const topic = await world().topic();
      const name = await world().subscription(topic);
      const messages = Array.from({ length: 6 }, (_, index) => ({ data: base64(`m${index}`) }));
      await world().publish(topic, ...messages);
      let out = 0;
      let most = 0;
      await listen(world(), name, 6, (message) => {
        out += 1;
        most = Math.max(most, out);
        setImmediate(() => {
          out -= 1;
          message.ack();
        });
      });
      expect(most).toBeLessThanOrEqual(FLOW);
    });

    it('answers that there is no such subscription', async () => {
      const absent = world().client.subscription(uniqueId('absent'));
      const failed = new Promise((resolve) => absent.once('error', resolve));
      absent.on('message', () => {});
      expect(await failed).toMatchObject({ code: NOT_FOUND });
      await absent.close();
    });
  });
}

const FLOW = 3;

/** Opens a stream, handles messages until so many have come, and closes it again. */
async function listen(
  world: World,
  name: string,
  count: number,
  handle: (message: Message) => void,
): Promise<Message[]> {
  const subscription: Subscription = world.client.subscription(name, {
    flowControl: { maxMessages: FLOW, allowExcessMessages: false },
    streamingOptions: { maxStreams: 1 },
  });
  const seen: Message[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      subscription.on('error', reject);
      subscription.on('message', (message: Message) => {
        seen.push(message);
        handle(message);
        if (seen.length === count) resolve();
      });
    });
  } finally {
    await subscription.close();
  }
  return seen;
}
