import { describe, expect, it } from 'vitest';
import { readEnvelope } from '#shared/http/envelope.ts';
import type { Message } from '#shared/http/envelope.ts';

const NOW = new Date('2026-11-22T05:00:00Z');
const PUBLISHED = '2026-11-22T04:59:59.123456789Z';
const DATA = '{"action":"INSERT"}';
const BASE64 = Buffer.from(DATA).toString('base64');
const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const EVENT_TYPE = 'google.cloud.pubsub.topic.v1.messagePublished';
const WRAPPED = { messageId: '7', publishTime: PUBLISHED, data: BASE64 };

function read(body: unknown, headers: Record<string, string> = {}): Message {
  const bytes =
    body instanceof Uint8Array
      ? body
      : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return readEnvelope({ headers: new Headers(headers), body: bytes, receivedAt: NOW });
}

function shown(message: Message): object {
  return { ...message, data: Buffer.from(message.data).toString() };
}

const EXPECTED = {
  messageId: '7',
  publishTime: new Date('2026-11-22T04:59:59.123Z'),
  attributes: {},
  data: DATA,
};

describe('readEnvelope() of a wrapped push', () => {
  it('reads everything there is', () => {
    const message = {
      ...WRAPPED,
      message_id: '7',
      publish_time: PUBLISHED,
      attributes: { googclient_traceparent: TRACE },
      orderingKey: 'c1',
    };
    const body = { message, subscription: 'projects/p/subscriptions/s', deliveryAttempt: 3 };
    expect(shown(read(body))).toEqual({
      ...EXPECTED,
      attributes: { googclient_traceparent: TRACE },
      orderingKey: 'c1',
      deliveryAttempt: 3,
      subscription: 'projects/p/subscriptions/s',
      traceparent: TRACE,
    });
  });

  it.each([
    ['the other spelling', { message_id: '7', publish_time: PUBLISHED, data: BASE64 }],
    ['null attributes', { ...WRAPPED, attributes: null }],
    ['an empty ordering key', { ...WRAPPED, orderingKey: '' }],
    ['fields that are new', { ...WRAPPED, colour: 'green' }],
  ])('reads a message with %s', (_case, message) => {
    expect(shown(read({ message }))).toEqual(EXPECTED);
  });

  it.each([
    ['absent', undefined],
    ['null', null],
    ['empty', ''],
  ])('takes %s data for none', (_case, data) => {
    expect(read({ message: { ...WRAPPED, data } }).data).toHaveLength(0);
  });

  it('takes the time of arrival where no other is given', () => {
    expect(read({ message: { messageId: '7', data: BASE64 } }).publishTime).toEqual(NOW);
  });

  it('ignores a trace that is none', () => {
    const attributes = { googclient_traceparent: 'nonsense' };
    expect(read({ message: { ...WRAPPED, attributes } })).not.toHaveProperty('traceparent');
  });

  it.each([
    ['text', 'hello', 'body'],
    ['broken JSON', '{"message":', 'body'],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'body'],
    ['nothing', '', 'body'],
    ['null', 'null', 'body'],
    ['a list', '[]', 'body'],
    ['a number', '1', 'body'],
    ['a message of another type', { message: 'x' }, 'body.message'],
    ['no message', { subscription: 's' }, 'body.message'],
    ['no message id', { message: { data: BASE64 } }, 'body.message.messageId'],
    ['a number as message id', { message: { ...WRAPPED, messageId: 7 } }, 'body.message.messageId'],
    ['data that is not base64', { message: { ...WRAPPED, data: '{"a":1}' } }, 'body.message.data'],
    ['base64 without padding', { message: { ...WRAPPED, data: 'YQ' } }, 'body.message.data'],
    ['base64 for URLs', { message: { ...WRAPPED, data: '-_-_' } }, 'body.message.data'],
    ['base64 with line ends', { message: { ...WRAPPED, data: 'YWFh\nYWFh' } }, 'body.message.data'],
    [
      'a time that is none',
      { message: { ...WRAPPED, publishTime: 'now' } },
      'body.message.publishTime',
    ],
    [
      'an attribute that is no text',
      { message: { ...WRAPPED, attributes: { a: 1 } } },
      'attributes.a',
    ],
    [
      'a delivery attempt of zero',
      { message: WRAPPED, deliveryAttempt: 0 },
      'body.deliveryAttempt',
    ],
  ])('refuses %s, naming %3$s', (_case, body, field) => {
    expect(() => read(body)).toThrow(
      expect.objectContaining({
        code: 'bad-request',
        retry: false,
        message: expect.stringContaining(field),
      }),
    );
  });

  it('does not let a message set the prototype of anything', () => {
    const body = `{"message":{"messageId":"7","attributes":{"__proto__":"x"}},"__proto__":{"a":1}}`;
    const message = read(body);
    expect(Object.getPrototypeOf(message.attributes)).toBe(Object.prototype);
    expect('a' in message).toBe(false);
  });
});

describe('readEnvelope() of an unwrapped push', () => {
  const headers = {
    'content-type': 'application/json',
    'x-goog-pubsub-message-id': '7',
    'x-goog-pubsub-publish-time': PUBLISHED,
    'x-goog-pubsub-subscription-name': 'projects/p/subscriptions/s',
    'x-goog-pubsub-ordering-key': 'c1',
    'x-goog-pubsub-delivery-attempt': '2',
  };

  it('reads the metadata from the headers, and believes no other header to be an attribute', () => {
    expect(shown(read(DATA, { ...headers, action: 'evil' }))).toEqual({
      ...EXPECTED,
      orderingKey: 'c1',
      deliveryAttempt: 2,
      subscription: 'projects/p/subscriptions/s',
    });
  });

  it('does not take the data for an envelope, whatever it looks like', () => {
    const body = JSON.stringify({ message: { messageId: 'other' } });
    expect(shown(read(body, headers))).toMatchObject({ messageId: '7', data: body });
  });

  it('does not take attributes of the message for a CloudEvent', () => {
    const message = read(DATA, { ...headers, 'ce-specversion': '1.0', 'ce-type': 'x' });
    expect(shown(message)).toMatchObject({ messageId: '7', data: DATA });
  });

  it('refuses a time that is none', () => {
    expect(() => read(DATA, { ...headers, 'x-goog-pubsub-publish-time': 'now' })).toThrow(
      expect.objectContaining({ code: 'bad-request' }),
    );
  });

  it('makes do with a hash for an id without any metadata, the same for a retry', () => {
    const message = read(DATA);
    expect(message.messageId).toMatch(/^body-[0-9a-f]{64}$/);
    expect(shown(message)).toEqual({ ...EXPECTED, messageId: message.messageId, publishTime: NOW });
    expect(read(DATA).messageId).toBe(message.messageId);
    expect(read('{"action":"DELETE"}').messageId).not.toBe(message.messageId);
  });
});

describe('readEnvelope() of an Eventarc CloudEvent', () => {
  const body = { message: WRAPPED, subscription: 'projects/p/subscriptions/s' };
  const binary = { 'ce-specversion': '1.0', 'ce-id': '7', 'ce-type': EVENT_TYPE };
  const structured = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
  const event = { specversion: '1.0', id: '7', type: EVENT_TYPE, source: '//pubsub', data: body };
  const expected = { ...EXPECTED, subscription: 'projects/p/subscriptions/s' };

  it('reads the binary form', () => {
    expect(shown(read(body, binary))).toEqual(expected);
  });

  it('takes id and trace of the binary form where the message has none', () => {
    const headers = { ...binary, 'ce-traceparent': TRACE };
    const { messageId: _, ...message } = WRAPPED;
    expect(read({ message }, headers)).toMatchObject({ messageId: '7', traceparent: TRACE });
  });

  it('reads the structured form', () => {
    expect(shown(read(event, structured))).toEqual(expected);
  });

  it('reads the structured form with base64', () => {
    const { data, ...rest } = event;
    const encoded = Buffer.from(JSON.stringify(data)).toString('base64');
    expect(shown(read({ ...rest, data_base64: encoded }, structured))).toEqual(expected);
  });

  it.each([
    ['binary form of another type', body, { ...binary, 'ce-type': 'other' }, 'ce-type'],
    ['structured form of another type', { ...event, type: 'other' }, structured, 'body.type'],
    [
      'structured form of another version',
      { ...event, specversion: '0.3' },
      structured,
      'specversion',
    ],
    ['structured form without an id', { ...event, id: undefined }, structured, 'body.id'],
    ['structured form without data', { ...event, data: undefined }, structured, 'body'],
    ['binary form without an envelope', {}, binary, 'body.message'],
  ])('refuses the %s', (_case, wrong, headers, field) => {
    expect(() => read(wrong, headers)).toThrow(
      expect.objectContaining({ code: 'bad-request', message: expect.stringContaining(field) }),
    );
  });
});
