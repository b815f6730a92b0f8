import { beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import { createApp } from '#shared/http/app.ts';
import type { Message } from '#shared/http/envelope.ts';
import { readJson } from '#shared/http/read-json.ts';
import { withMessage } from '#shared/http/with-message.ts';
import type { DeadLetter, HandleMessage } from '#shared/http/with-message.ts';
import { recordLog } from '#test/fakes/log.ts';

const NOW = new Date('2026-11-22T05:00:00Z');
const DATA = Buffer.from('{"cluster":"c1"}');

interface World {
  readonly lines: ReturnType<typeof recordLog>['lines'];
  readonly letters: DeadLetter[];
  readonly reports: { code: string; messageId: string }[];
  readonly handled: Message[];
  readonly send: (body: unknown) => Promise<Response>;
}

interface Faults {
  readonly handle?: unknown;
  readonly caller?: unknown;
  readonly letters?: unknown;
  readonly reports?: unknown;
}

let faults: Faults;
beforeEach(() => {
  faults = {};
});

function open(handle?: HandleMessage): World {
  const { log, lines } = recordLog();
  const letters: DeadLetter[] = [];
  const reports: { code: string; messageId: string }[] = [];
  const handled: Message[] = [];
  const app = createApp({ log, ready: () => Promise.resolve() });
  app.post(
    '/',
    withMessage(
      handle ??
        (async (message) => {
          await failWith(faults.handle);
          handled.push(message);
        }),
      {
        now: () => NOW,
        checkCaller: async () => {
          await failWith(faults.caller);
          return {};
        },
        deadLetter: async (letter) => {
          await failWith(faults.letters);
          letters.push(letter);
        },
        reportFailure: async ({ code }, { messageId }) => {
          await failWith(faults.reports);
          reports.push({ code, messageId });
        },
      },
    ),
  );
  return {
    lines,
    letters,
    reports,
    handled,
    send: async (body) =>
      app.request('/', {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
  };
}

async function failWith(fault: unknown): Promise<void> {
  await Promise.resolve();
  // Tests throw what handlers throw, strings included.
  if (fault instanceof Error) throw fault;
}

function envelope(extra: object = {}): object {
  return {
    message: { messageId: '7', publishTime: NOW.toISOString(), data: DATA.toString('base64') },
    deliveryAttempt: 4,
    subscription: 'projects/p/subscriptions/s',
    ...extra,
  };
}

describe('withMessage()', () => {
  it('acknowledges with 200 what was handled, the only code that the emulator takes for one', async () => {
    const { send, handled } = open();
    expect((await send(envelope())).status).toBe(200);
    expect(handled).toHaveLength(1);
    expect(handled[0]).toMatchObject({ messageId: '7', deliveryAttempt: 4 });
  });

  it('gives the handler a log that knows the message and its attempt', async () => {
    const { send, lines } = open(async (_message, { log }) => {
      await Promise.resolve();
      log.info({}, 'Handled');
    });
    await send(envelope());
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'info',
        message: 'Handled',
        messageId: '7',
        deliveryAttempt: 4,
        subscription: 'projects/p/subscriptions/s',
      }),
    ]);
  });

  it.each([
    ['unauthenticated', 401],
    ['forbidden', 403],
    ['key-unavailable', 503],
  ] as const)('does not look at a message of a caller that is %s: %i', async (code, status) => {
    faults = { caller: new CountersignError(code, 'No') };
    const { send, handled, letters } = open();
    const answer = await send('not even an envelope');
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({ code, status });
    expect([...handled, ...letters]).toEqual([]);
  });

  it('sends a body without an envelope to the dead letters, whole, and acknowledges', async () => {
    const { send, letters } = open();
    expect((await send('rubbish')).status).toBe(200);
    expect(letters).toEqual([
      {
        reason: 'body is not JSON',
        code: 'bad-request',
        data: new Uint8Array(Buffer.from('rubbish')),
      },
    ]);
  });

  it('sends data that its schema refuses to the dead letters, naming the field', async () => {
    const { send, letters } = open(async (message) => {
      await Promise.resolve();
      readJson(z.object({ cluster: z.string(), reason: z.string() }), message.data);
    });
    expect((await send(envelope())).status).toBe(200);
    expect(letters).toHaveLength(1);
    expect(letters[0]).toMatchObject({ code: 'bad-request', message: { messageId: '7' } });
    expect(letters[0]?.reason).toMatch(/^data\.reason: /);
    expect(Buffer.from(letters[0]?.data ?? [])).toEqual(DATA);
  });

  it('keeps the reason of a dead letter short enough for an attribute', async () => {
    faults = { handle: new CountersignError('bad-reference', '\u20ac'.repeat(2000)) };
    const { send, letters } = open();
    await send(envelope());
    expect(Buffer.byteLength(letters[0]?.reason ?? '')).toBeLessThanOrEqual(1024);
    expect(letters[0]?.reason.length).toBeGreaterThan(100);
  });

  it('nacks rather than lose a dead letter that could not be published', async () => {
    faults = { letters: new CountersignError('publish-failed', 'Down') };
    const { send } = open();
    expect((await send('rubbish')).status).toBe(503);
  });

  it('reports a failure that no retry helps, and acknowledges', async () => {
    faults = { handle: new CountersignError('registry-denied', 'Grant it') };
    const { send, reports, letters } = open();
    expect((await send(envelope())).status).toBe(200);
    expect(reports).toEqual([{ code: 'registry-denied', messageId: '7' }]);
    expect(letters).toEqual([]);
  });

  it('nacks when even the report fails', async () => {
    faults = {
      handle: new CountersignError('registry-denied', 'Grant it'),
      reports: new CountersignError('publish-failed', 'Down'),
    };
    expect((await open().send(envelope())).status).toBe(503);
  });

  it.each([
    ['registry-unavailable', undefined, 503, '10'],
    ['internal', undefined, 503, '10'],
    ['registry-unavailable', 1500, 429, '2'],
    ['registry-unavailable', 0, 429, '1'],
    ['registry-unavailable', 1e9, 429, '600'],
  ] as const)('nacks %s with retryAfterMs %s: %i after %s s', async (code, wait, status, after) => {
    const options = wait === undefined ? {} : { retryAfterMs: wait };
    faults = { handle: new CountersignError(code, 'Later', options) };
    const { send, reports, letters } = open();
    const answer = await send(envelope());
    expect(answer.status).toBe(status);
    expect(answer.headers.get('retry-after')).toBe(after);
    expect(await answer.json()).toMatchObject({ code, status });
    expect([...reports, ...letters]).toEqual([]);
  });

  it('keeps a message that has failed for long enough, with its reason, instead of for ever', async () => {
    faults = { handle: new CountersignError('registry-unavailable', 'No answer') };
    const { send, reports, lines } = open();
    expect((await send(envelope({ deliveryAttempt: 14 }))).status).toBe(503);
    expect(reports).toEqual([]);
    expect((await send(envelope({ deliveryAttempt: 15 }))).status).toBe(200);
    expect(reports).toEqual([{ code: 'registry-unavailable', messageId: '7' }]);
    expect(lines.at(-1)).toMatchObject({ level: 'error', message: 'Message failed for good' });
  });

  it('nacks an unforeseen failure, and keeps its text from the caller', async () => {
    faults = { handle: new TypeError('secret detail') };
    const answer = await open().send(envelope());
    expect(answer.status).toBe(503);
    expect(await answer.text()).not.toContain('secret detail');
  });

  it('obeys a failure that says otherwise than its code', async () => {
    faults = { handle: new CountersignError('registry-unavailable', 'No', { retry: false }) };
    const { send, reports } = open();
    expect((await send(envelope())).status).toBe(200);
    expect(reports).toHaveLength(1);
  });
});
