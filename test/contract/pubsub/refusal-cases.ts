import { describe, expect, it } from 'vitest';
import { base64, PROJECT, uniqueId } from './contract-world.ts';
import type { Answer, World } from './contract-world.ts';

const NOT_FOUND = 5;

/** What is refused, and how it is said. */
export function refusesRequests(world: () => World): void {
  describe('refusals', () => {
    const topic = `${PROJECT}/topics/absent`;
    const subscription = `${PROJECT}/subscriptions/absent`;

    it.each([
      ['GET', topic, undefined],
      ['DELETE', topic, undefined],
      ['POST', `${topic}:publish`, { messages: [{ data: base64('x') }] }],
      ['GET', subscription, undefined],
      ['DELETE', subscription, undefined],
      ['PUT', subscription, { topic }],
      ['POST', `${subscription}:pull`, { maxMessages: 1 }],
      ['POST', `${subscription}:acknowledge`, { ackIds: [`${subscription}:1`] }],
      ['POST', `${subscription}:modifyPushConfig`, { pushConfig: {} }],
    ])('%s %s answers NOT_FOUND in Google form', async (method, path, body) => {
      const answer = await world().rest(method, path, body);
      expect(answer.status).toBe(404);
      expect(answer.body['error']).toMatchObject({ code: 404, status: 'NOT_FOUND' });
      expect(answer.body['error']).toHaveProperty('message', expect.any(String));
    });

    it('answers NOT_FOUND to the client', async () => {
      await expect(
        world()
          .client.topic('absent')
          .publishMessage({ data: Buffer.from('x') }),
      ).rejects.toMatchObject({ code: NOT_FOUND });
      await expect(world().client.subscription('absent').getMetadata()).rejects.toMatchObject({
        code: NOT_FOUND,
      });
    });

    it('answers ALREADY_EXISTS for a second topic or subscription of a name', async () => {
      const taken = await world().topic();
      const name = await world().subscription(taken);
      for (const answer of [
        await world().rest('PUT', taken, {}),
        await world().rest('PUT', name, { topic: taken }),
      ]) {
        expect(answer).toMatchObject({
          status: 409,
          body: { error: { status: 'ALREADY_EXISTS' } },
        });
      }
    });

    it.each(['ab', 'goog-topic', '1topic', 'bad!topic', 'x'.repeat(256)])(
      'refuses the topic id %s',
      async (id) => {
        const answer = await world().rest('PUT', `${PROJECT}/topics/${id}`, {});
        expect(answer).toMatchObject({
          status: 400,
          body: { error: { status: 'INVALID_ARGUMENT' } },
        });
      },
    );

    it.each([
      ['of the request', { messages: [{ data: base64('x') }], mesages: [] }],
      ['of a message', { messages: [{ data: base64('x'), text: 'x' }] }],
      ['that every object has', { messages: [{ data: base64('x') }], constructor: 'x' }],
    ])('refuses an unknown field %s', async (_, body) => {
      const answer = await world().rest('POST', `${await world().topic()}:publish`, body);
      expect(answer).toMatchObject({
        status: 400,
        body: { error: { status: 'INVALID_ARGUMENT' } },
      });
    });

    it('takes the names of the proto file, keys of the caller, and what is not used here', async () => {
      const known = await world().topic();
      const deadLetterPolicy = { dead_letter_topic: known, max_delivery_attempts: 7 };
      const settings = { ack_deadline_seconds: 20, retain_acked_messages: false, deadLetterPolicy };
      const answer = await create(world(), { ...settings, labels: { any_key: 'x' } });
      expect(answer).toMatchObject({
        status: 200,
        body: {
          ackDeadlineSeconds: 20,
          deadLetterPolicy: { deadLetterTopic: known, maxDeliveryAttempts: 7 },
          labels: { any_key: 'x' },
        },
      });
    });

    it.each([
      ['no messages', { messages: [] }],
      ['an empty message', { messages: [{}] }],
      ['data that is not base64', { messages: [{ data: 'not base64!' }] }],
    ])('refuses to publish %s', async (_, body) => {
      const answer = await world().rest('POST', `${await world().topic()}:publish`, body);
      expect(answer).toMatchObject({
        status: 400,
        body: { error: { status: 'INVALID_ARGUMENT' } },
      });
    });

    it.each([
      ['too many attributes', { attributes: manyAttributes(101) }],
      ['a long attribute key', { attributes: { ['k'.repeat(257)]: 'v' } }],
      ['a long attribute value', { attributes: { k: 'v'.repeat(1_025) } }],
      ['a reserved attribute key', { attributes: { googly: 'v' } }],
      ['a long ordering key', { data: base64('x'), orderingKey: 'k'.repeat(1_025) }],
    ])('refuses %s where limits are enforced', async (_, message) => {
      const path = `${await world().topic()}:publish`;
      const answer = await world().rest('POST', path, { messages: [message] });
      expect(answer.status).toBe(world().has('service-limits') ? 400 : 200);
    });

    it('takes what is just within the limits', async () => {
      const attributes = {
        ...manyAttributes(98),
        ['k'.repeat(256)]: 'v'.repeat(1_024),
        googclient_traceparent: '00-1-2-01',
      };
      const message = { attributes, orderingKey: 'k'.repeat(1_024) };
      expect(await world().publish(await world().topic(), message)).toHaveLength(1);
    });

    it.each([
      ['maxDeliveryAttempts 4', { maxDeliveryAttempts: 4 }],
      ['maxDeliveryAttempts 101', { maxDeliveryAttempts: 101 }],
    ])('refuses a dead-letter policy with %s', async (_, policy) => {
      const deadLetterPolicy = { deadLetterTopic: await world().topic(), ...policy };
      expect((await create(world(), { deadLetterPolicy })).status).toBe(400);
    });

    it('refuses a dead-letter topic that does not exist', async () => {
      expect((await create(world(), { deadLetterPolicy: { deadLetterTopic: topic } })).status).toBe(
        404,
      );
    });

    it('refuses a retry policy above ten minutes', async () => {
      expect((await create(world(), { retryPolicy: { minimumBackoff: '601s' } })).status).toBe(400);
    });

    it('refuses an ack deadline above ten minutes', async () => {
      expect((await create(world(), { ackDeadlineSeconds: 601 })).status).toBe(400);
    });

    it('refuses an ack deadline below ten seconds where limits are enforced', async () => {
      const { status } = await create(world(), { ackDeadlineSeconds: 9 });
      expect(status).toBe(world().has('service-limits') ? 400 : 200);
    });

    it('takes a filter unread', async () => {
      expect((await create(world(), { filter: 'attributes.x = ' })).status).toBe(200);
    });

    it('refuses to change a filter', async () => {
      const name = await world().subscription(await world().topic());
      const answer = await world().rest('PATCH', name, {
        subscription: { name, filter: 'attributes:x' },
        updateMask: 'filter',
      });
      expect(answer).toMatchObject({
        status: 400,
        body: { error: { status: 'INVALID_ARGUMENT' } },
      });
    });

    it.each([
      ['pull', { maxMessages: 0 }],
      ['acknowledge', { ackIds: [] }],
      ['acknowledge', { ackIds: ['bogus'] }],
    ])('refuses %s with %o', async (verb, body) => {
      const name = await world().subscription(await world().topic());
      expect((await world().rest('POST', `${name}:${verb}`, body)).status).toBe(400);
    });
  });
}

async function create(world: World, settings: object): Promise<Answer> {
  const name = `${PROJECT}/subscriptions/${uniqueId('sub')}`;
  return world.rest('PUT', name, { topic: await world.topic(), ...settings });
}

function manyAttributes(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${index}`, 'v']));
}
