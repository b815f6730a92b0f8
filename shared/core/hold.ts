import { cutText } from './foreign-text.ts';
import { type FoundHold, type HoldFacts, MAX_HOLD } from './annotations.ts';

/**
 * What a person decided of one RSync's hold, until it stands on the RSync. Each look that reads it goes by it at once: a hold
 * holds from the moment it is recorded, and one that is to be lifted holds until it is gone from the RSync.
 */
export type HoldOrder = SetHold | LiftHold;

interface Ordered {
  /** `RootSync/<name>` or `RepoSync/<namespace>/<name>`. */
  readonly sync: string;
  /** Who decided. */
  readonly by: string;
  readonly reason: string;
  /** ISO 8601. */
  readonly at: string;
  /** Names the decision, in what is published of it as well. */
  readonly request: string;
}

export interface SetHold extends Ordered {
  readonly does: 'hold';
  /** ISO 8601; absent: until a person takes it away. */
  readonly until?: string;
}

export interface LiftHold extends Ordered {
  readonly does: 'lift';
  /** The texts that it takes away: a hold that was set since is another one, and stays. */
  readonly lifts: readonly string[];
}

/**
 * The text of `countersign.dev/hold`.
 *
 * @example
 * formatHold({ by: 'ops@acme.example', reason: 'INC-7' }) // '- ops@acme.example INC-7'
 */
export function formatHold({ until = '-', by, reason }: HoldFacts): string {
  return `${until} ${by} ${reason}`;
}

/** Until when, by whom, and why. */
const HOLD_TEXT = /^(\S{1,64}) (\S{1,256}) (\S.*)$/;

/**
 * Reads the value of `countersign.dev/hold`, which anyone may have written; its length is not believed.
 *
 * @example
 * readHold('- ops@acme.example INC-7').facts // { by: 'ops@acme.example', reason: 'INC-7' }
 */
export function readHold(value: string): FoundHold {
  const text = cutText(value, MAX_HOLD);
  const [, end = '', by = '', reason = ''] = HOLD_TEXT.exec(text) ?? [];
  if (by === '' || (end !== '-' && !isInstant(end))) return { text };
  return { text, facts: end === '-' ? { by, reason } : { until: end, by, reason } };
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z$/;

/** ISO 8601 in UTC, of a day that there is. */
function isInstant(text: string): boolean {
  const at = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text.slice(0, 16));
}

/** What stands on the RSync once the order is carried out; undefined: no hold. */
export function holdOfOrder(order: HoldOrder): FoundHold | undefined {
  if (order.does === 'lift') return undefined;
  const { until, by, reason } = order;
  const facts: HoldFacts = until === undefined ? { by, reason } : { until, by, reason };
  return { text: formatHold(facts), facts };
}

/** A hold as an earlier look has seen it, and since when, ISO 8601. */
export interface SeenHold {
  readonly text: string;
  readonly since: string;
}

/** No two clocks of the functions differ by more. */
export const SKEW_MS = 60_000;

/**
 * Whether the RSync is as it is ordered, so that there is nothing to write. An order that is restored from a backup may
 * be to lift an earlier hold with the same text: what was seen later than that is another one, and stays.
 */
export function isCarriedOut(
  order: HoldOrder,
  text: string | undefined,
  seen: SeenHold | undefined,
): boolean {
  if (order.does === 'hold') return text === holdOfOrder(order)?.text;
  if (text === undefined || !order.lifts.includes(text)) return true;
  return seen?.text === text && Date.parse(seen.since) - Date.parse(order.at) > SKEW_MS;
}
