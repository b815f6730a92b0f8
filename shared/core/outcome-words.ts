/** What a step of an explanation comes to, in the words that the page and the command share. */
export const OUTCOME_WORDS = {
  ok: 'well',
  wait: 'waiting',
  bad: 'wrong',
  unknown: 'not known',
  skipped: 'left out',
} as const;
