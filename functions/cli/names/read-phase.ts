import { CountersignError } from '#shared/core/errors.ts';
import { CLUSTER_PHASES, PHASES } from '#shared/core/phase.ts';
import { didYouMean } from './did-you-mean.ts';

/** `Unknown`: of an RSync whose cluster is out of reach. */
const ALL: readonly string[] = [...PHASES, 'Unknown', ...CLUSTER_PHASES];

/** A phase, in whatever case it is written. Throws `bad-request`. */
export function readPhase(text: string): string {
  const found = ALL.find((phase) => phase.toLowerCase() === text.toLowerCase());
  if (found !== undefined) return found;
  throw new CountersignError('bad-request', `There is no phase ${text}: ${didYouMean(text, ALL)}`);
}
