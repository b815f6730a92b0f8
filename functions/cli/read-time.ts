import { InvalidArgumentError, Option } from 'commander';

const UNITS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * In milliseconds. Throws `InvalidArgumentError`.
 *
 * @example
 * readTime('90s') // 90_000
 */
export function readTime(text: string): number {
  const [, number, unit = ''] = /^([1-9][0-9]{0,5})(s|m|h|d)$/.exec(text) ?? [];
  const size = UNITS[unit];
  if (number === undefined || size === undefined) {
    throw new InvalidArgumentError('Write a time such as 90s, 10m, 2h or 7d.');
  }
  return Number(number) * size;
}

/** When something ends that was given either an end or a length of time: ISO 8601; undefined: neither was. */
export function endOf(
  { until, for: lastingMs }: { readonly until?: string; readonly for?: number },
  now: Date,
): string | undefined {
  if (until !== undefined || lastingMs === undefined) return until;
  return new Date(now.getTime() + lastingMs).toISOString();
}

/**
 * An instant, as ISO 8601 in UTC. Throws `InvalidArgumentError` for one without its zone.
 *
 * @example
 * readInstant('2026-12-01T09:00+01:00') // '2026-12-01T08:00:00.000Z'
 */
export function readInstant(text: string): string {
  const at = new Date(text);
  const isWhole = /^\d{4}-\d\d-\d\dT\d\d:\d\d.*(?:Z|[+-]\d\d:\d\d)$/.test(text);
  if (isWhole && !Number.isNaN(at.getTime())) return at.toISOString();
  throw new InvalidArgumentError('Write a time such as 2026-12-01T08:00Z, with its zone.');
}

/** An option that takes a length of time, with what it is where it is left out. */
export function timeOption(flags: string, about: string, usual: string): Option {
  return new Option(flags, about).argParser(readTime).default(readTime(usual), usual);
}
