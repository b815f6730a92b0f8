import type { Tone } from './line.ts';

/** Of phases, verdicts, states of roll-outs and severities; a word that is not known has none. */
const TONES: Readonly<Record<string, Tone>> = {
  Synced: 'ok',
  Reachable: 'ok',
  Approved: 'wait',
  Waiting: 'wait',
  Pending: 'wait',
  Unknown: 'wait',
  Ignored: 'quiet',
  Rejected: 'bad',
  Refused: 'bad',
  Failed: 'bad',
  Blocked: 'bad',
  Stalled: 'bad',
  Unguarded: 'bad',
  Unreachable: 'bad',
  NoConfigSync: 'bad',
  Forbidden: 'bad',
  verified: 'ok',
  unsigned: 'wait',
  incomplete: 'wait',
  untrusted: 'bad',
  unusable: 'bad',
  unchecked: 'bad',
  rolling: 'wait',
  soaking: 'wait',
  'awaiting-approval': 'wait',
  'awaiting-window': 'wait',
  paused: 'wait',
  halted: 'bad',
  lost: 'bad',
  aborted: 'quiet',
  'rolling-back': 'bad',
  'rolled-back': 'quiet',
  completed: 'ok',
  retired: 'quiet',
  ERROR: 'bad',
  WARNING: 'wait',
};

/** What a word of the service is coloured by. */
export function toneOf(word: string): Tone | undefined {
  return TONES[word];
}
