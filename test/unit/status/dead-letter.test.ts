import { describe, expect, it } from 'vitest';
import { encodeDeadLetter } from '#shared/status/dead-letter.ts';

const data = Buffer.from('{');

describe('encodeDeadLetter()', () => {
  it('keeps the message and says why it was given up', () => {
    const message = {
      messageId: 'm1',
      attributes: { origin: 'ci' },
      subscription: 's',
      orderingKey: 'c1',
    };
    const letter = encodeDeadLetter({ code: 'bad-request', reason: 'No JSON', data, message });
    expect(letter).toEqual({
      data,
      attributes: {
        origin: 'ci',
        'countersign-code': 'bad-request',
        'countersign-reason': 'No JSON',
        'countersign-message-id': 'm1',
        'countersign-subscription': 's',
        'countersign-ordering-key': 'c1',
      },
    });
  });

  it('stays within what Pub/Sub takes, whatever the message came with', () => {
    const attributes = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`a${n}`, 'x']));
    const message = { messageId: 'm1', attributes };
    const letter = encodeDeadLetter({
      code: 'bad-request',
      reason: 'é'.repeat(2000),
      data,
      message,
    });
    expect(Object.keys(letter.attributes).length).toBeLessThanOrEqual(100);
    expect(letter.attributes['countersign-code']).toBe('bad-request');
    expect(Buffer.byteLength(letter.attributes['countersign-reason'] ?? '')).toBeLessThanOrEqual(
      1024,
    );
  });

  it.each(['countersign-subscription', 'CloudPubSubDeadLetterSourceSubscription'])(
    'lets no sender speak by %s',
    (name) => {
      const message = { messageId: 'm1', attributes: { [name]: 'forged' } };
      const { attributes } = encodeDeadLetter({ code: 'bad-request', reason: '', data, message });
      expect(attributes).not.toHaveProperty(name);
    },
  );

  it('carries a body whose envelope could not be read', () => {
    const { attributes } = encodeDeadLetter({ code: 'bad-request', reason: 'No JSON', data });
    expect(attributes).toEqual({
      'countersign-code': 'bad-request',
      'countersign-reason': 'No JSON',
    });
  });
});
