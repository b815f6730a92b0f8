import type { Figure } from '../frame/figure.ts';
import { round, renderTable } from '../frame/table.ts';
import { type Moved, type Pair, compare } from './compare.ts';
import { type Tree, checkOut, measureTree } from './other-revision.ts';

export interface Against {
  readonly revision: string;
  /** How often each benchmark is run on both. */
  readonly pairs: number;
  readonly say: (text: string) => void;
}

/**
 * Measures each benchmark on another revision and on this tree in turn, and yields what moved. Which of the two goes
 * first changes from pair to pair.
 */
export async function* runAgainst(
  names: readonly string[],
  { revision, pairs, say }: Against,
): AsyncGenerator<{ readonly name: string; readonly moved: readonly Moved[] }> {
  say(`installing ${revision}`);
  const other = await checkOut(revision);
  try {
    for (const name of names) {
      const measured: Pair[] = [];
      for (let at = 0; at < pairs; at++) {
        measured.push(
          await measurePair({ name, other, turn: at }, (text) =>
            say(`${name}: pair ${at + 1} of ${pairs}, ${text}`),
          ),
        );
      }
      yield { name, moved: compare(measured) };
    }
  } finally {
    await other.remove();
  }
}

async function measurePair(
  { name, other, turn }: { readonly name: string; readonly other: Tree; readonly turn: number },
  say: (text: string) => void,
): Promise<Pair> {
  const before = (): Promise<readonly Figure[]> => {
    say('before');
    return measureTree(other.root, name);
  };
  const after = (): Promise<readonly Figure[]> => {
    say('after');
    return measureTree(process.cwd(), name);
  };
  if (turn % 2 === 0) return { before: await before(), after: await after() };
  const late = await after();
  return { before: await before(), after: late };
}

/** What moved, as a table for people. */
export function renderMoved(moved: readonly Moved[]): string {
  const head = ['', 'before', 'after', 'after/before', '(spread)', ''];
  const rows = moved.map(({ what, before, after, quotient, change }) => [
    what,
    round(before),
    round(after),
    quotient.median.toFixed(2),
    `(${quotient.low.toFixed(2)}–${quotient.high.toFixed(2)})`,
    change === 'same' ? '' : change.toUpperCase(),
  ]);
  return renderTable([head, ...rows]);
}
