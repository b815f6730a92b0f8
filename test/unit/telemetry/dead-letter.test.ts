import { describe, expect, it } from 'vitest';
import { readEnvelope } from '#shared/http/envelope.ts';
import { encodeDeadLetter, readDeadLetter } from '#shared/status/dead-letter.ts';

const TRACE = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const RECEIVED = new Date('2026-11-22T05:00:00Z');
const WRAPPED = {
  message: { messageId: '7', attributes: { googclient_traceparent: TRACE }, data: '' },
};

describe('a replayed dead letter', () => {
  it.each([
    ['wrapped', new Headers(), JSON.stringify(WRAPPED)],
    [
      'unwrapped',
      new Headers({ 'x-goog-pubsub-message-id': '7', googclient_traceparent: TRACE }),
      'data',
    ],
  ])('goes on with the trace of the message that it was: %s', (_, headers, body) => {
    const message = readEnvelope({ headers, body: Buffer.from(body), receivedAt: RECEIVED });
    const { data } = message;
    const letter = encodeDeadLetter({ code: 'registry-denied', reason: 'Why', data, message });
    const { original } = readDeadLetter({
      ...letter,
      ackId: 'a',
      messageId: '8',
      publishTime: RECEIVED.toISOString(),
    });
    const again = { messageId: '9', attributes: original.attributes, data: '' };
    const replayed = readEnvelope({
      headers: new Headers(),
      body: Buffer.from(JSON.stringify({ message: again })),
      receivedAt: RECEIVED,
    });
    expect(replayed.traceparent).toBe(TRACE);
  });
});
