import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { Entry, History } from '#shared/history/history.ts';
import type { Message } from '#shared/http/envelope.ts';
import type { Log } from '#shared/http/log.ts';
import { checkShape, readJson } from '#shared/http/read-json.ts';

export interface EventDeps {
  readonly history: Pick<History, 'add'>;
  readonly log: Pick<Log, 'info'>;
}

/**
 * Records one event of the status topic; one that is recorded is left as it is. A type, a severity and fields that this
 * version does not know are recorded as they came. Throws `bad-request` for what is no event, `store-unavailable`.
 */
export async function handleEvent(message: Message, { history, log }: EventDeps): Promise<void> {
  const entry = readEvent(message);
  const isNew = await history.add(entry);
  const { id, type } = entry;
  log.info({ eventId: id, event: type }, isNew ? 'Event recorded' : 'Event was recorded before');
}

const PREFIX = 'dev.countersign.';
const MAX_WORD = 100;
const MAX_SOURCE = 512;
const LAST = new Date('9999-12-31T23:59:59.999Z');

/** The attributes of an event (docs/events.md). Other attributes of a message are not read. */
const Attributes = z.object({
  'ce-id': z.string().regex(/^[0-9a-f]{64}$/, 'is not the id of an event'),
  'ce-time': z.iso.datetime({ offset: true }),
  'ce-type': z
    .string()
    .max(MAX_WORD)
    .regex(/^dev\.countersign\.[a-z0-9.-]+$/, 'is not the type of an event'),
  'ce-source': z.string().max(MAX_SOURCE).exactOptional(),
  severity: z
    .string()
    .regex(/^[A-Z]{1,20}$/)
    .default('INFO'),
});

const Data = z
  .record(z.string(), z.unknown())
  .refine(isWritable, { error: 'is nested too deep', abort: true });

/** What is nested deeper than the stack is read, and not written: no attempt would record it. */
function isWritable(data: unknown): boolean {
  try {
    return JSON.stringify(data) !== undefined;
  } catch {
    return false;
  }
}

/** The event in a message. Throws `bad-request`, which sends the message to the dead letters. */
export function readEvent({ attributes, data }: Pick<Message, 'attributes' | 'data'>): Entry {
  // An unwrapped message has none, and then there is no id by which a repetition would be known.
  const found = checkShape(Attributes, attributes, 'attributes');
  const time = new Date(found['ce-time']);
  // In UTC it may have a year of five digits, which is in no order with the others.
  if (Number.isNaN(time.getTime()) || time > LAST) {
    throw new CountersignError('bad-request', 'attributes.ce-time: is not a time');
  }
  return defined({
    id: found['ce-id'],
    time: time.toISOString(),
    type: found['ce-type'].slice(PREFIX.length).replace(/\.v1$/, ''),
    severity: found.severity,
    publisher: found['ce-source'],
    data: readJson(Data, data),
  });
}
