import { defined } from '../defined.ts';
import type { Check, CheckOutcome, CheckQuestion, NotedEvidence } from './checks.ts';
import type { RolloutRecord } from './record.ts';
import { sayDuration, sayTime } from './say-time.ts';
import type { Stage } from './strategy.ts';

/** One check of the stage where a roll-out stands, as it was found last. */
export interface CheckView {
  readonly name: string;
  /** What is good: `below 0.01`, `status 200`. */
  readonly wants: string;
  /** How long it must have been so. */
  readonly forMs: number;
  /** Absent: it was not asked yet. */
  readonly outcome?: CheckOutcome;
  /** Since when each look has had that outcome, ISO 8601. */
  readonly since?: string;
  /** What was answered last, and when, as far as that is remembered. */
  readonly value?: string;
  readonly problem?: string;
  readonly at?: string;
}

/**
 * The checks of a stage, as far as the record has them. `noted`: what the last look found beside, which may be lost.
 *
 * @example
 * viewChecks(record, stage, await store.readNote('evidence', record.image))
 */
export function viewChecks(
  record: RolloutRecord,
  { name: stage, checks = [] }: Stage,
  noted: NotedEvidence | undefined,
): readonly CheckView[] {
  const isHere = record.stage === stage;
  const states = isHere ? (record.checks ?? []) : [];
  const mine = isHere && noted?.id === record.id && noted.stage === stage ? noted : undefined;
  return checks.map(({ name, ask, forMs }) => {
    const { outcome, since } = states.find((state) => state.name === name) ?? {};
    const finding = mine?.findings.find((one) => one.name === name);
    // An older note says nothing of a newer outcome.
    const { value, problem } = finding?.outcome === outcome ? (finding ?? {}) : {};
    const at = finding?.outcome === outcome ? mine?.at : undefined;
    return defined({ name, wants: wantsOf(ask), forMs, outcome, since, value, problem, at });
  });
}

function wantsOf(ask: CheckQuestion): string {
  if (ask.type !== 'http') return `${ask.bound.is} ${ask.bound.value}`;
  const text = ask.contains === undefined ? '' : ` with ${JSON.stringify(ask.contains)}`;
  return `status ${ask.status}${text}`;
}

/** What a sentence needs of a check; of a newer service it may have other words. */
interface SaidCheck {
  readonly name: string;
  readonly wants: string;
  readonly forMs: number;
  readonly outcome?: string | undefined;
  readonly since?: string | undefined;
  readonly value?: string | undefined;
  readonly problem?: string | undefined;
}

/**
 * How one check stands, as a clause.
 *
 * @example
 * sayCheck(view) // 'errors is met since 2026-11-29 12:00 UTC, and must be for 10 min (0.002, below 0.01)'
 */
export function sayCheck(view: SaidCheck): string {
  const { name, wants, forMs, outcome, since, value, problem } = view;
  if (outcome === undefined || since === undefined) return `${name} was not asked yet (${wants})`;
  const answer = [value, problem, wants].filter((text) => text !== undefined).join(', ');
  const from = sayTime(new Date(since));
  if (outcome === 'met') {
    const needs = forMs === 0 ? '' : `, and must be for ${sayDuration(forMs)}`;
    return `${name} is met since ${from}${needs} (${answer})`;
  }
  return `${name} ${outcome === 'failed' ? 'fails' : 'has no answer'} since ${from} (${answer})`;
}

/**
 * Milliseconds for which the checks of a stage must still be met, should all be from now on.
 *
 * @example
 * evidenceToGo(stage, record, now) // 360_000
 */
export function evidenceToGo(
  { name: stage, checks = [] }: Stage,
  record: RolloutRecord,
  now: Date,
): number {
  const states = record.stage === stage ? (record.checks ?? []) : [];
  return Math.max(
    0,
    ...checks.map(({ name, forMs }: Check) => {
      const state = states.find((one) => one.name === name);
      const lasted = state?.outcome === 'met' ? now.getTime() - Date.parse(state.since) : 0;
      return forMs - lasted;
    }),
  );
}
