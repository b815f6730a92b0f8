import { describe, expect, it } from 'vitest';
import { handleEvent, readEvent } from '#functions/history/handle-event.ts';
import type { Message } from '#shared/http/envelope.ts';
import { encodeEvent } from '#shared/status/encode.ts';
import type { StatusEvent } from '#shared/status/events.ts';
import { STATUS_DATA } from '#shared/status/status-data.ts';
import { createMemoryHistory } from '#test/fakes/memory-history.ts';
import { query } from '#test/fixtures/history.ts';
import { EVERY_EVENT, syncEvent } from '#test/fixtures/status-events.ts';

const CONTEXT = {
  source: '//countersign.dev/projects/fleet-host',
  now: new Date('2026-11-22T05:00:01.000Z'),
};

function messageOf(
  event: StatusEvent,
  attributes: Readonly<Record<string, string | undefined>> = {},
): Pick<Message, 'attributes' | 'data'> {
  const encoded = encodeEvent(event, CONTEXT);
  const all = Object.entries({ ...encoded.attributes, ...attributes });
  return {
    data: encoded.data,
    attributes: Object.fromEntries(
      all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
  };
}

function deliver(message: Pick<Message, 'attributes' | 'data'>): Message {
  return { messageId: 'm1', publishTime: CONTEXT.now, ...message };
}

describe('readEvent()', () => {
  it.each(Object.keys(STATUS_DATA))('reads %s as it is published', (type) => {
    const event = EVERY_EVENT.find((one) => one.type === type);
    if (event === undefined) throw new Error(`There is no sample of ${type}`);
    const { attributes, data } = messageOf(event);
    expect(readEvent({ attributes, data })).toEqual({
      id: attributes['ce-id'],
      time: '2026-11-22T05:00:01.000Z',
      type,
      severity: attributes['severity'],
      publisher: CONTEXT.source,
      data: JSON.parse(Buffer.from(data).toString()),
    });
  });

  it('takes types, severities and fields that it does not know as they are', () => {
    const message = messageOf(syncEvent('sync.synced'), {
      'ce-type': 'dev.countersign.moon.landed.v2',
      severity: 'NOTICE',
    });
    const data = Buffer.from('{"colour":{"hue":1}}');
    expect(readEvent({ ...message, data })).toMatchObject({
      type: 'moon.landed.v2',
      severity: 'NOTICE',
      data: { colour: { hue: 1 } },
    });
  });

  it('has times of any zone in one form', () => {
    const message = messageOf(syncEvent('sync.synced'), { 'ce-time': '2026-11-22T06:00:01+01:00' });
    expect(readEvent(message).time).toBe('2026-11-22T05:00:01.000Z');
  });

  it.each<[string, Record<string, string | undefined>, string?]>([
    ['ce-id', { 'ce-id': undefined }],
    ['ce-id', { 'ce-id': 'x' }],
    ['ce-id', { 'ce-id': `${'a'.repeat(63)}/` }],
    ['ce-time', { 'ce-time': 'today' }],
    ['ce-time', { 'ce-time': '9999-12-31T23:59:59-01:00' }],
    ['ce-type', { 'ce-type': 'com.example.other' }],
    ['ce-type', { 'ce-type': `dev.countersign.${'x'.repeat(200)}` }],
    ['severity', { severity: 'bad\n' }],
    ['data', {}, 'no JSON'],
    ['data', {}, '[]'],
    ['data', {}, 'null'],
    ['data', {}, `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
  ])('refuses a message for its %s', (field, attributes, data) => {
    const message = messageOf(syncEvent('sync.synced'), attributes);
    const wrong = data === undefined ? message : { ...message, data: Buffer.from(data) };
    expect(() => readEvent(wrong)).toThrow(
      expect.objectContaining({ code: 'bad-request', message: expect.stringContaining(field) }),
    );
  });
});

describe('handleEvent()', () => {
  it('records an event once, however often it is delivered', async () => {
    const memory = createMemoryHistory();
    const logged: string[] = [];
    const log = { info: (_: unknown, message: string) => void logged.push(message) };
    const deps = { history: memory.open(), log };
    const message = deliver(messageOf(syncEvent('sync.synced')));
    await handleEvent(message, deps);
    await handleEvent({ ...message, messageId: 'm2' }, deps);
    expect(await memory.open().list(query())).toHaveLength(1);
    expect(logged).toEqual(['Event recorded', 'Event was recorded before']);
  });

  it('is to be tried again where the history cannot be reached', async () => {
    const memory = createMemoryHistory();
    memory.fail();
    const deps = { history: memory.open(), log: { info: () => undefined } };
    const failure = handleEvent(deliver(messageOf(syncEvent('sync.synced'))), deps);
    await expect(failure).rejects.toMatchObject({ code: 'store-unavailable', retry: true });
  });
});
