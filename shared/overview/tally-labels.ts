import type { Tally } from '#shared/store/store.ts';
import { MAX_LABELS, MAX_LABEL_VALUES } from '#shared/store/tally-note.ts';
import type { PresentRow } from './present-row.ts';

/** Keys that are looked at: a label with a value of its own for each cluster divides nothing. */
const MAX_KEYS = 100;

interface Value {
  clusters: number;
  readonly phases: Record<string, number>;
}

/**
 * Counts RSyncs by the labels of their clusters, where a label has few values.
 *
 * @example
 * createLabelTally().add(member.labels, rows);
 */
export function createLabelTally(): {
  add(labels: Readonly<Record<string, string>>, rows: readonly PresentRow[]): void;
  done(): Tally['labels'];
} {
  const keys = new Map<string, Map<string, Value>>();

  function valuesOf(key: string): Map<string, Value> | undefined {
    const known = keys.get(key);
    if (known !== undefined || keys.size >= MAX_KEYS) return known;
    const begun = new Map<string, Value>();
    keys.set(key, begun);
    return begun;
  }

  return {
    add(labels, rows) {
      for (const [key, value] of Object.entries(labels)) {
        const values = valuesOf(key);
        // One more than is shown says that there are too many.
        if (values === undefined || values.size > MAX_LABEL_VALUES) continue;
        const counted = values.get(value) ?? { clusters: 0, phases: {} };
        values.set(value, counted);
        counted.clusters += 1;
        for (const { present } of rows) {
          counted.phases[present.phase] = (counted.phases[present.phase] ?? 0) + 1;
        }
      }
    },
    done() {
      return [...keys]
        .filter(([, values]) => values.size > 1 && values.size <= MAX_LABEL_VALUES)
        .map(([key, values]) => ({
          key,
          values: [...values]
            .map(([value, counted]) => ({ value, ...counted }))
            .toSorted((a, b) => (a.value < b.value ? -1 : 1)),
        }))
        .toSorted((a, b) => a.values.length - b.values.length || (a.key < b.key ? -1 : 1))
        .slice(0, MAX_LABELS);
    },
  };
}
