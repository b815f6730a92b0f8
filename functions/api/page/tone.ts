import type { ClusterPhase } from '#shared/core/phase.ts';
import type { PresentPhase } from '../fleet/present.ts';

/** How a thing is shown: the word always stands beside the colour. */
export type Tone = 'ok' | 'wait' | 'bad' | 'none';

/** Of an RSync's phase, or a cluster's. */
export function toneOf(phase: PresentPhase | ClusterPhase): Tone {
  switch (phase) {
    case 'Synced':
    case 'Reachable':
      return 'ok';
    case 'Approved':
    case 'Pending':
    case 'Unknown':
      return 'wait';
    case 'Ignored':
      return 'none';
    case 'Rejected':
    case 'Refused':
    case 'Failed':
    case 'Blocked':
    case 'Stalled':
    case 'Unguarded':
    case 'Unreachable':
    case 'NoConfigSync':
    case 'Forbidden':
      return 'bad';
  }
}

/** Enough of a digest, or of a commit, to tell it from others; a chart's key is short as it is. */
export function shorten(key: string): string {
  const [, hex] = /^(?:sha256:)?([0-9a-f]{64})$/.exec(key) ?? [];
  return hex === undefined ? key : `${key.slice(0, key.length - hex.length)}${hex.slice(0, 12)}`;
}

/** `2026-11-22 05:00:00 UTC`. */
export function sayTime(time: string): string {
  return `${time.slice(0, 19).replace('T', ' ')} UTC`;
}
