import { describe, expect, it } from 'vitest';
import { base64 } from './contract-world.ts';
import type { Received, World } from './contract-world.ts';

/** Unary pull: at least once, until acknowledged. */
export function deliversByPull(world: () => World): void {
  describe('pull', () => {
    it('delivers data, attributes, ordering key, id and time', async () => {
      const topic = await world().topic();
      const name = await world().subscription(topic);
      const before = Date.now();
      const id = await world()
        .client.topic(topic, { messageOrdering: true })
        .publishMessage({
          data: Buffer.from('päyload'),
          attributes: { severity: 'INFO', empty: '' },
          orderingKey: 'cluster-1',
        });
      const after = Date.now();
      const [received] = await world().pull(name);
      expect(received?.message).toMatchObject({
        data: base64('päyload'),
        attributes: { severity: 'INFO', empty: '' },
        orderingKey: 'cluster-1',
        messageId: id,
      });
      const published = Date.parse(received?.message.publishTime ?? '');
      // Both clocks are this machine's; a second allows for rounding.
      expect(published).toBeGreaterThan(before - 1_000);
      expect(published).toBeLessThan(after + 1_000);
      expect(received).not.toHaveProperty('deliveryAttempt');
    });

    it('takes fields by their names in the proto file, and leaves the keys of attributes', async () => {
      const topic = await world().topic();
      const settings = { topic, enable_message_ordering: true, ack_deadline_seconds: 30 };
      const name = await world().subscription(topic, settings);
      const attributes = { my_key: 'x' };
      await world().publish(topic, { data: base64('a'), ordering_key: 'k_1', attributes });
      const [received] = await world().pull(name);
      expect(received?.message).toMatchObject({ orderingKey: 'k_1', attributes });
      const { body } = await world().rest('GET', name);
      expect(body).toMatchObject({ ackDeadlineSeconds: 30, enableMessageOrdering: true });
    });

    it('takes base64 of either alphabet, with padding or without', async () => {
      const topic = await world().topic();
      const name = await world().subscription(topic);
      const sent = ['-_8=', '-_8', '+/8=', '+/8', '-_-_', 'aGk', 'aA'];
      for (const data of sent) await world().publish(topic, { data });
      const seen: string[] = [];
      while (seen.length < sent.length) {
        const taken = await world().pull(name, sent.length);
        seen.push(...taken.map(({ message }) => message.data ?? ''));
        await world().ack(name, taken);
      }
      expect(seen.toSorted()).toEqual(
        ['+/8=', '+/8=', '+/8=', '+/8=', '+/+/', 'aGk=', 'aA=='].toSorted(),
      );
    });

    it('delivers each message to each subscription', async () => {
      const topic = await world().topic();
      const names = [await world().subscription(topic), await world().subscription(topic)];
      const ids = await world().publish(topic, { data: base64('a') }, { data: base64('b') });
      expect(new Set(ids).size).toBe(2);
      for (const name of names) {
        const seen = [await drain(world(), name), await drain(world(), name)];
        expect(seen.toSorted()).toEqual(['a', 'b']);
      }
    });

    it('never delivers what was acknowledged again', async () => {
      const topic = await world().topic();
      const name = await world().subscription(topic, { enableMessageOrdering: true });
      await world().publish(topic, { data: base64('first'), orderingKey: 'k' });
      const first = await world().pull(name);
      expect(await world().ack(name, first)).toEqual({ status: 200, body: {} });
      await world().publish(topic, { data: base64('second'), orderingKey: 'k' });
      expect(await drain(world(), name)).toBe('second');
    });

    it('delivers again at once after a nack, with a new ack id', async () => {
      const topic = await world().topic();
      const name = await world().subscription(topic);
      await world().publish(topic, { data: base64('again') });
      const first = await world().pull(name);
      expect((await world().modify(name, first, 0)).status).toBe(200);
      const second = await world().pull(name);
      expect(second[0]?.message.messageId).toBe(first[0]?.message.messageId);
      expect(second[0]?.ackId).not.toBe(first[0]?.ackId);
    });

    it('delivers again once the ack deadline has passed', async () => {
      const topic = await world().topic();
      const name = await world().subscription(topic);
      await world().publish(topic, { data: base64('late') });
      const first = await world().pull(name);
      await world().modify(name, first, 1);
      const second = await world().pull(name);
      expect(second[0]?.message.messageId).toBe(first[0]?.message.messageId);
    });

    it('takes an acknowledgement that comes twice', async () => {
      const topic = await world().topic();
      const name = await world().subscription(topic);
      await world().publish(topic, { data: base64('once') });
      const received = await world().pull(name);
      await world().ack(name, received);
      expect((await world().ack(name, received)).status).toBe(200);
    });

    it('holds an ordering key after a nack where it can', async () => {
      const topic = await world().topic();
      const name = await world().subscription(topic, { enableMessageOrdering: true });
      const messages = ['a1', 'a2', 'a3'].map((data) => ({ data: base64(data), orderingKey: 'a' }));
      await world().publish(topic, ...messages);
      await world().modify(name, await world().pull(name), 0);
      const seen: string[] = [];
      while (seen.length < messages.length) seen.push(await drain(world(), name));
      expect(seen).toEqual(world().has('nack-holds-key') ? ['a1', 'a2', 'a3'] : ['a2', 'a3', 'a1']);
    });

    it('delivers one ordering key while another is held', async () => {
      const topic = await world().topic();
      const name = await world().subscription(topic, { enableMessageOrdering: true });
      await world().publish(topic, { data: base64('a1'), orderingKey: 'a' });
      const held = await world().pull(name);
      await world().publish(
        topic,
        { data: base64('a2'), orderingKey: 'a' },
        { data: base64('b1'), orderingKey: 'b' },
      );
      expect(await drain(world(), name)).toBe('b1');
      await world().ack(name, held);
      expect(await drain(world(), name)).toBe('a2');
    });

    it('keeps a filter, and delivers everything', async () => {
      const topic = await world().topic();
      const name = await world().subscription(topic, {
        filter: 'attributes.severity = "ERROR" AND NOT attributes:muted',
        enableMessageOrdering: true,
      });
      await world().publish(
        topic,
        { data: base64('info'), attributes: { severity: 'INFO' }, orderingKey: 'k' },
        { data: base64('error'), attributes: { severity: 'ERROR' }, orderingKey: 'k' },
      );
      expect(await drain(world(), name)).toBe('info');
    });

    it('answers a pull that returns at once with nothing', async () => {
      const name = await world().subscription(await world().topic());
      const answer = await world().rest('POST', `${name}:pull`, {
        maxMessages: 1,
        returnImmediately: true,
      });
      expect(answer).toEqual({ status: 200, body: {} });
    });
  });
}

function dataOf(received: Received | undefined): string {
  return Buffer.from(received?.message.data ?? '', 'base64').toString();
}

/** Pulls one message and acknowledges it. */
async function drain(world: World, name: string): Promise<string> {
  const received = await world.pull(name);
  await world.ack(name, received);
  return dataOf(received[0]);
}
