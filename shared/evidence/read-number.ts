import * as z from 'zod';
import { cleanLine, cutText } from '#shared/core/foreign-text.ts';
import type { Bound, CheckOutcome } from '#shared/core/rollout/checks.ts';
import { MAX_PROBLEM } from './limits.ts';
import { NoAnswer } from './no-answer.ts';

/** What is said of an answer that has no series at all. */
export const EMPTY = 'Its answer is empty';

/** A time and a number as text: JSON has no NaN. */
const Sample = z.tuple([z.number(), z.string()]);

/** An answer of Prometheus' HTTP API, "Instant queries", as far as it can be one number. */
const Success = z.object({
  status: z.literal('success'),
  warnings: z.array(z.string()).optional(),
  data: z.object({ resultType: z.string(), result: z.unknown() }),
});

const Vector = z.array(z.object({ value: Sample }));

/** Numbers as Prometheus writes them. */
const NUMBER = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?$/i;

/**
 * The one number in an answer to an instant query. Of several series none is chosen, and what a part of the data was
 * left out of says nothing. Throws `NoAnswer`.
 *
 * @example
 * readNumber({ status: 'success', data: { resultType: 'scalar', result: [0, '1.5'] } }) // 1.5
 */
export function readNumber(answer: unknown): number {
  const { data } = Success.safeParse(answer);
  if (data === undefined) throw none('Its answer is not one of Prometheus');
  const [warning] = data.warnings ?? [];
  if (warning !== undefined) throw none(`It warns: ${oneLine(warning)}`);
  const [, text] = readSample(data.data);
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw none(`Its answer is not a number: ${oneLine(text)}`);
}

function readSample({
  resultType,
  result,
}: z.infer<typeof Success>['data']): z.infer<typeof Sample> {
  const { data: scalar } = Sample.safeParse(result);
  if (resultType === 'scalar' && scalar !== undefined) return scalar;
  const { data: series } = Vector.safeParse(result);
  if (resultType !== 'vector' || series === undefined) {
    throw none('Its answer is neither an instant vector of numbers nor a scalar');
  }
  const [one, ...more] = series;
  if (one === undefined) throw none(EMPTY);
  if (more.length === 0) return one.value;
  throw none(`Its answer has ${series.length} series: aggregate them in the query, to one`);
}

/**
 * Whether a number is where it must be.
 *
 * @example
 * judgeNumber(0.5, { is: 'below', value: 1 }) // 'met'
 */
export function judgeNumber(value: number, bound: Bound): CheckOutcome {
  const { is, value: limit } = bound;
  const met = is === 'above' ? value > limit : is === 'below' ? value < limit : value === limit;
  return met ? 'met' : 'failed';
}

/** A foreign text, for people: one line of bounded length. */
export function oneLine(text: string): string {
  return cutText(cleanLine(text.replaceAll(/\s+/g, ' ').trim()), MAX_PROBLEM);
}

function none(message: string): NoAnswer {
  return new NoAnswer(message, { retry: false });
}
