import { drawHistory, runHistory } from './history.ts';
import type { Fault, Figures } from './oracle/findings.ts';

export interface CampaignResult {
  readonly histories: number;
  readonly figures: Figures & Readonly<Record<Fault, number>>;
  /** Seeds of the histories in which something reported was not true. */
  readonly failed: readonly number[];
}

/** Lives through `count` histories, from the seed `first` on, every `stride`th of them. */
export async function runHistories(
  first: number,
  count: number,
  { stride = 1, offset = 0 }: { readonly stride?: number; readonly offset?: number } = {},
): Promise<CampaignResult> {
  const figures = { ...NONE };
  const failed: number[] = [];
  let histories = 0;
  for (let seed = first + offset; seed < first + count; seed += stride) {
    const outcome = await runHistory(drawHistory(seed));
    histories += 1;
    add(figures, outcome.figures);
    for (const { fault } of outcome.findings) figures[fault] += 1;
    if (outcome.findings.length > 0) failed.push(seed);
  }
  return { histories, figures, failed };
}

/** The sum of what several campaigns found. */
export function sumUp(results: readonly CampaignResult[]): CampaignResult {
  const figures = { ...NONE };
  for (const result of results) add(figures, result.figures);
  return {
    histories: results.reduce((sum, { histories }) => sum + histories, 0),
    figures,
    failed: results.flatMap(({ failed }) => failed).toSorted((a, b) => a - b),
  };
}

const NONE = {
  episodes: 0,
  reported: 0,
  closed: 0,
  compared: 0,
  false: 0,
  missed: 0,
  doubled: 0,
  shown: 0,
};

type Counts = Record<keyof typeof NONE, number>;

function add(sum: Counts, some: Partial<Counts>): void {
  for (const name of NAMES) sum[name] += some[name] ?? 0;
}

const NAMES = [
  'episodes',
  'reported',
  'closed',
  'compared',
  'false',
  'missed',
  'doubled',
  'shown',
] as const;
