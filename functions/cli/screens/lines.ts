import type { Line } from '../output/line.ts';
import type { View } from '../output/view.ts';

/**
 * A result that is a few lines for people: what was done, or would be.
 *
 * @example
 * viewLines(accepted, [`Resync ${accepted.id}: 3 clusters tasked`], [accepted.id])
 */
export function viewLines(
  value: unknown,
  lines: readonly Line[],
  names: readonly string[] = [],
): View {
  return { value, lines: () => lines, names: () => names };
}
