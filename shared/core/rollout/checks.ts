/** A check that a stage asks for, beside what Config Sync reports: a question, and what the answer must be. */
export interface Check {
  /** Unique in its stage. */
  readonly name: string;
  readonly ask: CheckQuestion;
  /** At each look for so long the answer must have been good before the stage is passed, in milliseconds. */
  readonly forMs: number;
  /** A bad answer at each look for so long halts the roll-out, in milliseconds. */
  readonly failAfterMs: number;
}

/** What is asked, and of what. Texts may have placeholders (`fillIn`). */
export type CheckQuestion =
  | {
      readonly type: 'prometheus';
      /** Of the server, without `/api/v1/query`. */
      readonly url: string;
      readonly query: string;
      readonly bound: Bound;
      /** Path of a file with a bearer token. */
      readonly tokenFile?: string;
    }
  /** Cloud Monitoring, in PromQL. */
  | {
      readonly type: 'monitoring';
      readonly project: string;
      readonly query: string;
      readonly bound: Bound;
    }
  | {
      readonly type: 'http';
      readonly url: string;
      readonly status: number;
      /** A text that the body must have in it. */
      readonly contains?: string;
      readonly tokenFile?: string;
    };

/** Where a good value is. */
export interface Bound {
  readonly is: 'above' | 'below' | 'equals';
  readonly value: number;
}

/** Of one stage. */
export const MAX_CHECKS = 10;

/** `unknown`: there is no answer that says either. It is never taken for `met`. */
export const CHECK_OUTCOMES = ['met', 'failed', 'unknown'] as const;

export type CheckOutcome = (typeof CHECK_OUTCOMES)[number];

/** What one look at a check found. */
export interface Finding {
  readonly name: string;
  readonly outcome: CheckOutcome;
  /** What was answered: a number, or a status of HTTP. */
  readonly value?: string;
  /** Why it is not known, or what is wrong, for people. */
  readonly problem?: string;
}

/** What the checks of one stage came to in one look, for the roll-out that stood there. */
export interface Evidence {
  /** Of the roll-out. */
  readonly id: string;
  readonly stage: string;
  readonly findings: readonly Finding[];
  /** Nothing was asked for so long before this look that what was found then does not stand for the time between. */
  readonly gap?: true;
}

/** Evidence as it is remembered for people, and when it was found, ISO 8601. */
export interface NotedEvidence extends Evidence {
  readonly at: string;
}

/** What is recorded of a check: its outcome, and since when each look has found it so, ISO 8601. */
export interface CheckState {
  readonly name: string;
  readonly outcome: CheckOutcome;
  readonly since: string;
}

/** How the checks of a stage stand at one instant. */
export interface WeighedChecks {
  readonly states: readonly CheckState[];
  /** Names of those whose answer has been bad for as long as halts the roll-out. */
  readonly broken: readonly string[];
  /** Of those that are not met now. */
  readonly unmet: readonly string[];
  /** Of those that are not met, or not for long enough. */
  readonly missing: readonly string[];
  /** The longest that one of those may be bad. */
  readonly patienceMs: number;
}

/**
 * How the checks of a stage stand, from what is recorded of them and one look. A check that the look has nothing of is
 * `unknown`. A changed outcome begins anew.
 *
 * @example
 * const { missing } = weighChecks(stage.checks, record.checks, evidence.findings, now);
 */
export function weighChecks(
  checks: readonly Check[],
  recorded: readonly CheckState[] = [],
  findings: readonly Finding[],
  now: Date,
): WeighedChecks {
  const found = checks.map((check) => {
    const outcome = findings.find(({ name }) => name === check.name)?.outcome ?? 'unknown';
    const before = recorded.find(({ name }) => name === check.name);
    const since = before?.outcome === outcome ? before.since : now.toISOString();
    const elapsed = now.getTime() - Date.parse(since);
    return { check, state: { name: check.name, outcome, since }, elapsed };
  });
  const names = (some: typeof found): readonly string[] => some.map(({ check }) => check.name);
  const unmet = found.filter(({ state }) => state.outcome !== 'met');
  const failed = unmet.filter(({ state }) => state.outcome === 'failed');
  return {
    states: found.map(({ state }) => state),
    broken: names(failed.filter(({ check, elapsed }) => elapsed >= check.failAfterMs)),
    unmet: names(unmet),
    missing: names(
      found.filter(({ check, state, elapsed }) => state.outcome !== 'met' || elapsed < check.forMs),
    ),
    patienceMs: Math.max(0, ...unmet.map(({ check }) => check.failAfterMs)),
  };
}

const PLACEHOLDER = /\$\{([^}]*)\}/g;
/** Of what may stand for a placeholder: nothing that could end a quoted text of PromQL, or a part of a URL. */
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9._:/+@-]*$/;

/** What a placeholder may name. */
export const PLACEHOLDERS = ['digest', 'stage'] as const;

export type Placeholders = Readonly<Record<(typeof PLACEHOLDERS)[number], string>>;

/**
 * The names of a text's placeholders, known or not.
 *
 * @example
 * placeholdersIn('up{digest="${digest}"}') // ['digest']
 */
export function placeholdersIn(text: string): readonly string[] {
  return [...text.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
}

/**
 * A text with its placeholders filled in; undefined where a value has a character that could end what it stands in: a
 * chart's key has what its registry and its author chose.
 *
 * @example
 * fillIn('up{digest="${digest}"}', { digest: 'sha256:…', stage: 'canary' })
 */
export function fillIn(
  text: string,
  values: Placeholders,
  encode: (value: string) => string = (value) => value,
): string | undefined {
  const known: Readonly<Record<string, string>> = values;
  const used = placeholdersIn(text);
  const isSafe = used.every((name) => Object.hasOwn(known, name) && PLAIN.test(known[name] ?? ''));
  if (!isSafe) return undefined;
  return text.replaceAll(PLACEHOLDER, (_, name: string) => encode(known[name] ?? ''));
}
