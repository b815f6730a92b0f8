import { defined } from '#shared/core/defined.ts';
import { WELL } from '#shared/overview/well.ts';
import type { Tally } from '#shared/store/store.ts';
import { ANY_PHASE } from '../fleet/operation.ts';
import type { Need, Overview } from './operation.ts';
import { numberOf, sayCount } from './sentences.ts';

interface Scene {
  readonly tally: Tally;
  /** The worst first. */
  readonly needs: readonly Need[];
}

/** The state of the fleet in one word, in one sentence, and since when it is so. */
export function sayState({
  tally,
  needs,
}: Scene): Pick<Overview, 'state' | 'sentence' | 'headline' | 'since'> {
  const { clusters, syncs, changedAt } = tally;
  const [first] = needs;
  const silent = needs.find(({ kind }) => kind === 'sweep-silent');
  if (clusters === 0) {
    const sentence = 'Nothing is known of any cluster yet: the next sweep looks at them';
    return { state: 'empty', sentence, headline: sentence };
  }
  if (silent !== undefined) {
    const sentence = silent.title;
    const state = 'unknown' as const;
    return defined({ state, sentence, headline: sentence, since: silent.since });
  }
  const wrong = needs.filter(({ severity }) => severity !== 'waiting');
  const fleet = `${numberOf(syncs, 'RSync')} on ${numberOf(clusters, 'cluster')}`;
  if (first !== undefined && wrong.length > 0) {
    const headline = `${fleet}: ${sayUnwell(tally)}`;
    const sentence = `${headline}. First: ${first.title}`;
    return defined({ state: 'unwell' as const, sentence, headline, since: oldest(wrong) });
  }
  const underWay = countIn(UNDER_WAY, tally);
  const also = underWay.length === 0 ? '' : `, ${underWay.join(', ')}`;
  if (first !== undefined) {
    const headline = `${fleet}: nothing is wrong${also}`;
    const sentence = `${headline}. Waits for a person: ${first.title}`;
    return defined({ state: 'waiting' as const, sentence, headline, since: oldest(needs) });
  }
  if (underWay.length > 0) {
    const headline = `${fleet}: nothing is wrong${also}`;
    return defined({ state: 'waiting' as const, sentence: headline, headline, since: changedAt });
  }
  const headline = `${fleet}: all is well`;
  return defined({ state: 'well' as const, sentence: headline, headline, since: changedAt });
}

const UNDER_WAY = ['Approved', 'Pending', 'Waiting', 'Unknown'];

/** `37 Rejected`: of each of these phases in which there is one. */
function countIn(names: readonly string[], { phases }: Pick<Tally, 'phases'>): string[] {
  return names.flatMap((phase) => {
    const count = phases[phase] ?? 0;
    return count === 0 ? [] : [`${sayCount(count)} ${phase}`];
  });
}

/** How many are where, of what is not well: `37 Rejected, 2 Unreachable`. */
function sayUnwell(tally: Tally): string {
  const unwell = ANY_PHASE.filter((phase) => !WELL.has(phase));
  const said = countIn(unwell, tally);
  const { causes } = tally;
  const broken = causes.filter(({ kind }) => kind === 'break-glass');
  const glass = broken.reduce((sum, { syncs }) => sum + syncs, 0);
  if (glass > 0) said.unshift(`${sayCount(glass)} under break-glass`);
  // What is in trouble may be among these.
  const found = said.length === 0 ? countIn(['Approved', 'Pending'], tally) : said;
  return found.length === 0 ? 'all run what is approved' : found.join(', ');
}

function oldest(needs: readonly Need[]): string | undefined {
  return needs.flatMap(({ since }) => since ?? []).toSorted()[0];
}
