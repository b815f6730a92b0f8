import { describe, expect, it } from 'vitest';
import { base64, QUICK_RETRY } from './contract-world.ts';
import type { World } from './contract-world.ts';
import { envelopeOf } from './endpoint.ts';

const ATTEMPTS = 5;

/** Dead letters: after so many attempts a message goes elsewhere, and says where it was. */
export function deadLettersMessages(world: () => World): void {
  describe('dead letters', () => {
    it('forwards a message that was pushed in vain, with its origin', async () => {
      const topic = await world().topic();
      const { policy, graveyard } = await prepare(world());
      const url = world().endpoint.url(500);
      const name = await world().subscription(topic, {
        retryPolicy: QUICK_RETRY,
        deadLetterPolicy: policy,
        pushConfig: { pushEndpoint: url },
      });
      await world().publish(topic, { data: base64('dead'), attributes: { kept: 'yes' } });
      const [letter] = await world().pull(graveyard);
      const pushes = world().endpoint.pushes(url);
      expect(letter?.message.data).toBe(base64('dead'));
      expect(letter?.message.attributes).toEqual({
        kept: 'yes',
        CloudPubSubDeadLetterSourceDeliveryCount: String(ATTEMPTS),
        CloudPubSubDeadLetterSourceSubscription: name.split('/').at(-1),
        CloudPubSubDeadLetterSourceSubscriptionProject: 'local',
        CloudPubSubDeadLetterSourceTopicPublishTime: envelopeOf(pushes[0]).message['publishTime'],
      });
      expect(letter?.message.messageId).not.toBe(envelopeOf(pushes[0]).message.messageId);
      expect(pushes).toHaveLength(ATTEMPTS);
      expect(pushes.map((push) => envelopeOf(push).deliveryAttempt)).toEqual(
        world().has('delivery-attempt') ? [1, 2, 3, 4, 5] : Array(ATTEMPTS).fill(undefined),
      );
    });

    it('counts the attempts of a pull, and forwards after the last', async () => {
      const topic = await world().topic();
      const { policy, graveyard } = await prepare(world());
      const name = await world().subscription(topic, { deadLetterPolicy: policy });
      await world().publish(topic, { data: base64('dead') });
      const attempts: unknown[] = [];
      for (let turn = 0; turn < ATTEMPTS; turn += 1) {
        const received = await world().pull(name);
        attempts.push(received[0]?.deliveryAttempt);
        await world().modify(name, received, 0);
      }
      expect(attempts).toEqual([1, 2, 3, 4, 5]);
      // The emulator moves it on no sooner than it is asked for again.
      const left = await world().rest('POST', `${name}:pull`, {
        maxMessages: 1,
        returnImmediately: true,
      });
      expect(left.body).toEqual({});
      const [letter] = await world().pull(graveyard);
      expect(letter?.message.data).toBe(base64('dead'));
    });
  });
}

async function prepare(world: World): Promise<{ policy: object; graveyard: string }> {
  const deadLetterTopic = await world.topic();
  return {
    policy: { deadLetterTopic, maxDeliveryAttempts: ATTEMPTS },
    graveyard: await world.subscription(deadLetterTopic),
  };
}
