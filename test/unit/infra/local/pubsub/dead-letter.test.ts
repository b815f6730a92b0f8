import { describe, expect, it } from 'vitest';
import { isExhausted, toDeadLetter } from '#infra/local/pubsub/subscription-settings.ts';

const DELIVERY = {
  attempts: 5,
  message: {
    data: Buffer.from('x'),
    attributes: { kept: 'yes', CloudPubSubDeadLetterSourceDeliveryCount: '99' },
    orderingKey: 'k',
    messageId: '42',
    publishTime: Date.parse('2026-11-22T05:00:00.123Z'),
  },
};

describe('toDeadLetter()', () => {
  it('keeps the message and says where it comes from', () => {
    expect(toDeadLetter('projects/p/subscriptions/tasks-cluster', DELIVERY)).toEqual({
      data: DELIVERY.message.data,
      orderingKey: 'k',
      attributes: {
        kept: 'yes',
        CloudPubSubDeadLetterSourceDeliveryCount: '5',
        CloudPubSubDeadLetterSourceSubscription: 'tasks-cluster',
        CloudPubSubDeadLetterSourceSubscriptionProject: 'p',
        CloudPubSubDeadLetterSourceTopicPublishTime: '2026-11-22T05:00:00.123Z',
      },
    });
  });
});

describe('isExhausted()', () => {
  it.each([
    [undefined, false],
    [6, false],
    [5, true],
    [4, true],
  ])('with at most %s attempts, five are exhausting: %s', (maxDeliveryAttempts, expected) => {
    const policy =
      maxDeliveryAttempts === undefined
        ? undefined
        : { deadLetterTopic: 'projects/p/topics/dead', maxDeliveryAttempts };
    expect(isExhausted(policy, DELIVERY)).toBe(expected);
  });
});
