import type { Journal } from '../journal.ts';

/** What is expected of every campaign; the numbers group what is asked of it. */
export type Check =
  | '1 every RSync ends where registry and policy say'
  | '2 nothing is approved that does not verify'
  | '3 no approval goes backwards'
  | '4 every failure is reported, and its recovery'
  | '4b a failure outlives the record of it'
  | '5 every push has its outcome'
  | '6 one transition has one ce-id'
  | '7 the history has every event once'
  | 'a second run changes nothing'
  | 'a patch touches nothing but ours'
  | 'no cluster is called but members'
  | 'no call is made in vain'
  | 'every handler ends as it should'
  | 'S1 no stage gets a digest before the stages before it have run it'
  | 'S2 nothing is approved after a stop was recorded'
  | 'S3 what was rolled back is not approved again'
  | 'S4 a hold is honoured'
  | 'S5 a lost record moves nothing'
  | 'S6 decisions are recorded before they are acted on'
  | 'S7 nothing new is approved where a person has frozen it';

export interface Violation {
  readonly check: Check;
  readonly what: string;
  /** The last steps of those concerned, when it was found. */
  readonly story: readonly string[];
}

export interface Verdicts {
  /** Notes a violation about `subjects`, as the journal names them; the story ends at `at`, or now. */
  violate(check: Check, what: string, subjects: readonly string[], at?: number): void;
  readonly violations: readonly Violation[];
}

/** More of the same says nothing new. */
const MAX_KEPT = 50;

export function createVerdicts(journal: Journal): Verdicts {
  const violations: Violation[] = [];
  return {
    violations,
    violate(check, what, subjects, at) {
      journal.count(`VIOLATIONS: ${check}`);
      if (violations.length >= MAX_KEPT) return;
      violations.push({ check, what, story: journal.story(subjects, at) });
    },
  };
}
