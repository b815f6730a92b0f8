import { describe, expect, it } from 'vitest';
import { toPushRequest, type PushContext } from '#infra/local/pubsub/push.ts';

const LEASE = {
  ackId: 'projects/local/subscriptions/sub:1',
  attempt: 3,
  message: {
    data: Buffer.from('hello'),
    attributes: { severity: 'INFO' },
    orderingKey: 'cluster-1',
    messageId: '42',
    publishTime: Date.parse('2026-11-22T05:00:00.123Z'),
  },
};

function context(changes: Partial<PushContext> = {}): PushContext {
  return {
    subscription: 'projects/local/subscriptions/sub',
    target: { pushEndpoint: 'http://127.0.0.1:8081/' },
    showAttempt: false,
    ...changes,
  };
}

const bare = { pushEndpoint: 'http://127.0.0.1:8081/', noWrapper: { writeMetadata: true } };

describe('toPushRequest()', () => {
  it('wraps a message as documented', () => {
    const request = toPushRequest(LEASE, context());
    expect(JSON.parse(Buffer.from(request.body).toString())).toEqual({
      message: {
        attributes: { severity: 'INFO' },
        data: 'aGVsbG8=',
        messageId: '42',
        message_id: '42',
        orderingKey: 'cluster-1',
        publishTime: '2026-11-22T05:00:00.123Z',
        publish_time: '2026-11-22T05:00:00.123Z',
      },
      subscription: 'projects/local/subscriptions/sub',
    });
    expect(request.headers).toEqual({
      'content-type': 'application/json',
      'user-agent': 'CloudPubSub-Google',
    });
  });

  it('sends the attempt where a dead-letter policy counts it', () => {
    const { body } = toPushRequest(LEASE, context({ showAttempt: true }));
    expect(JSON.parse(Buffer.from(body).toString())).toHaveProperty('deliveryAttempt', 3);
  });

  it('carries the token it is given', () => {
    const { headers } = toPushRequest(LEASE, context({ token: 'jwt' }));
    expect(headers['authorization']).toBe('Bearer jwt');
  });

  it('sends bare data and no metadata without a wrapper', () => {
    const target = { ...bare, noWrapper: { writeMetadata: false } };
    const { body, headers } = toPushRequest(LEASE, context({ target }));
    expect(Buffer.from(body).toString()).toBe('hello');
    expect(headers).toEqual({ 'user-agent': 'CloudPubSub-Google' });
  });

  it('writes the metadata into headers', () => {
    expect(toPushRequest(LEASE, context({ target: bare })).headers).toEqual({
      severity: 'INFO',
      'user-agent': 'CloudPubSub-Google',
      'x-goog-pubsub-message-id': '42',
      'x-goog-pubsub-ordering-key': 'cluster-1',
      'x-goog-pubsub-publish-time': '2026-11-22T05:00:00.123Z',
      'x-goog-pubsub-subscription-name': 'projects/local/subscriptions/sub',
    });
  });

  it.each([
    ['Authorization', 'Bearer forged'],
    ['Host', 'elsewhere'],
    ['Content-Length', '0'],
    ['Transfer-Encoding', 'chunked'],
    ['x-goog-pubsub-message-id', 'forged'],
    ['not a token', 'x'],
    ['split', 'a\r\nx-injected: 1'],
  ])('keeps the attribute %s out of the headers', (name, value) => {
    const lease = { ...LEASE, message: { ...LEASE.message, attributes: { [name]: value } } };
    const { headers } = toPushRequest(lease, context({ target: bare, token: 'real' }));
    expect(headers['authorization']).toBe('Bearer real');
    expect(headers['x-goog-pubsub-message-id']).toBe('42');
    expect(Object.values(headers)).not.toContain(value);
  });
});
