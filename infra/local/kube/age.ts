const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

interface Unit {
  readonly unit: number;
  readonly letter: string;
}

/** How a time that is shorter than `below` is shown: in one unit, or with the rest in a smaller one. */
const FORMS: readonly (Unit & { readonly below: number; readonly rest?: Unit })[] = [
  { below: 2 * MINUTE, unit: 1, letter: 's' },
  { below: 10 * MINUTE, unit: MINUTE, letter: 'm', rest: { unit: 1, letter: 's' } },
  { below: 3 * HOUR, unit: MINUTE, letter: 'm' },
  { below: 8 * HOUR, unit: HOUR, letter: 'h', rest: { unit: MINUTE, letter: 'm' } },
  { below: 2 * DAY, unit: HOUR, letter: 'h' },
  { below: 8 * DAY, unit: DAY, letter: 'd', rest: { unit: HOUR, letter: 'h' } },
  { below: 2 * YEAR, unit: DAY, letter: 'd' },
  { below: 8 * YEAR, unit: YEAR, letter: 'y', rest: { unit: DAY, letter: 'd' } },
  { below: Number.POSITIVE_INFINITY, unit: YEAR, letter: 'y' },
];

/** A length of time as kubectl has it, the coarser the longer it is: `HumanDuration` of apimachinery. */
export function formatAge(since: string | undefined, now: Date): string {
  if (since === undefined) return '<unknown>';
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(since)) / 1_000));
  const form = FORMS.find(({ below }) => seconds < below);
  if (form === undefined) return '<unknown>';
  const { unit, letter, rest } = form;
  const whole = `${Math.floor(seconds / unit)}${letter}`;
  const left = rest === undefined ? 0 : Math.floor((seconds % unit) / rest.unit);
  return left === 0 ? whole : `${whole}${left}${rest?.letter}`;
}
