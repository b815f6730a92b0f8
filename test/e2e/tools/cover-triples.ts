/**
 * Few of the rows, in which every three values of three fields that meet in any row do meet; the same ones each time.
 * Greedily: the row that covers most of what is still missing.
 */
export function coverTriples<T extends object>(rows: readonly T[]): readonly T[] {
  const all = rows.map((row) => ({ row, triples: triplesOf(row) }));
  const missing = new Set(all.flatMap(({ triples }) => triples));
  const chosen: T[] = [];
  while (missing.size > 0) {
    const gains = all.map(({ triples }) => triples.filter((one) => missing.has(one)).length);
    const best = all[gains.indexOf(Math.max(...gains))];
    for (const triple of best?.triples ?? []) missing.delete(triple);
    if (best !== undefined) chosen.push(best.row);
  }
  return chosen;
}

function triplesOf(row: object): readonly string[] {
  const parts = Object.entries(row).map((entry) => JSON.stringify(entry));
  return parts.flatMap((a, at) =>
    parts
      .slice(at + 1)
      .flatMap((b, next) => parts.slice(at + next + 2).map((c) => `${a} ${b} ${c}`)),
  );
}
