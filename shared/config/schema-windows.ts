import * as z from 'zod';
import { toFailure } from '#shared/core/errors.ts';
import { DAYS, createWallClock } from '#shared/core/rollout/windows.ts';
import { ALWAYS, type Check, atMost, distinct, fieldOf, finding, parsed } from './check.ts';
import { MAX_FREEZES, MAX_SPANS, MAX_TEXT, MAX_WINDOWS } from './limits.ts';
import type { Fault } from './problem.ts';
import { nameSchema, selectorSchema } from './scalars.ts';

const TIME = /^(?:[01][0-9]|2[0-3]):[0-5][0-9]$/;
const END = /^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$/;
const WALL_TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2} (?:[01][0-9]|2[0-3]):[0-5][0-9]$/;
// Names, and no offsets: an offset knows no daylight saving.
const ZONE = /^[A-Za-z][A-Za-z0-9_+/-]*$/;
const MINUTES_OF_AN_HOUR = 60;

const zone = z
  .string()
  .max(MAX_TEXT)
  .regex(ZONE, 'Is not the name of a time zone')
  .meta({ description: 'IANA time zone', examples: ['Europe/Berlin'] })
  .transform(parsed(knownZone));

const weekly = z
  .strictObject({
    days: z
      .array(z.enum(DAYS).describe('A day'))
      .min(1)
      .max(DAYS.length)
      .meta({ description: 'The days on which it opens', examples: [['mon', 'tue']] }),
    from: z
      .string()
      .regex(TIME, 'Is not a time of the day')
      .meta({ description: 'When it opens, in this zone', examples: ['09:00'] }),
    to: z
      .string()
      .regex(END, 'Is not a time of the day')
      .meta({
        description: 'When it closes; a time before from is on the next day',
        examples: ['16:00'],
      }),
  })
  .superRefine(finding(opens), ALWAYS)
  .transform(({ days, from, to }) => ({ days, from: minuteOf(from), to: minuteOf(to) }))
  .describe('One span of time of each week');

const window = z
  .strictObject({
    timeZone: zone,
    weekly: z.array(weekly).min(1).max(MAX_SPANS).describe('The spans in which it is open'),
  })
  .describe('Times of the week in which clusters of a stage may start');

function wallTime(description: string, example: string) {
  return z
    .string()
    .regex(WALL_TIME, 'Is not a date and time')
    .meta({ description, examples: [example] })
    .transform(parsed(realDate));
}

const freeze = z
  .strictObject({
    name: nameSchema.meta({ description: 'Name of the freeze', examples: ['year-end'] }),
    timeZone: zone,
    from: wallTime('When it begins, in this zone', '2026-12-18 18:00'),
    to: wallTime('When it ends, in this zone', '2027-01-04 08:00'),
    clusters: selectorSchema('env = prod')
      .exactOptional()
      .describe('Kubernetes label selector of the frozen clusters; without it all'),
  })
  .superRefine(finding(lasts), ALWAYS)
  .describe('A span of time in which no cluster starts');

/** The windows that stages name. */
export const windowsSchema = z
  .record(nameSchema, window)
  .superRefine(finding(atMost(MAX_WINDOWS)), ALWAYS)
  .default({})
  .describe('Windows by name, for stages[].windows');

/** The freezes, which hold for every stage. */
export const freezesSchema = z
  .array(freeze)
  .max(MAX_FREEZES)
  .superRefine(finding(distinct('name', 'Give each freeze its own name')), ALWAYS)
  .default([])
  .describe('Spans of time in which no cluster starts');

function minuteOf(time: string): number {
  const [hours, minutes] = time.split(':').map(Number);
  return (hours ?? 0) * MINUTES_OF_AN_HOUR + (minutes ?? 0);
}

function knownZone(name: string): string | Fault {
  try {
    createWallClock(name);
    return name;
  } catch (error) {
    const fix = 'Write the name of an IANA time zone such as Europe/Berlin, or UTC';
    return { problem: toFailure(error).message, fix };
  }
}

function* opens(value: unknown): ReturnType<Check> {
  const from = fieldOf(value, 'from');
  if (from === undefined || from !== fieldOf(value, 'to')) return;
  const fix = 'Write a later time, or 00:00 and 24:00 for the whole day';
  yield { path: ['to'], kind: 'conflict', problem: 'Is when it opens, so that it never does', fix };
}

/** A date as the calendar has it: there is no 31st of June. */
function realDate(text: string): string | Fault {
  const date = new Date(`${text.replace(' ', 'T')}:00Z`);
  if (!Number.isNaN(date.getTime()) && date.toISOString().startsWith(text.slice(0, 10)))
    return text;
  return { problem: 'Is not a day of the calendar', fix: 'Correct the date' };
}

function* lasts(value: unknown): ReturnType<Check> {
  const from = fieldOf(value, 'from');
  const to = fieldOf(value, 'to');
  if (typeof from !== 'string' || typeof to !== 'string' || from < to) return;
  const fix = 'Write an end after the beginning';
  yield { path: ['to'], kind: 'conflict', problem: 'Is not after its beginning', fix };
}
