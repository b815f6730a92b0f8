/** Values of each dimension by its name. */
export type Dimensions = Readonly<Record<string, readonly unknown[]>>;
/** One value of each dimension. */
export type Row<D extends Dimensions> = { readonly [K in keyof D]: D[K][number] };

/**
 * Few rows of the whole product in which every three values of three dimensions meet, the same ones each time:
 * greedily, the row that covers most of what is still missing.
 */
export function coverTriples<D extends Dimensions>(dimensions: D): readonly Row<D>[] {
  const product = multiply(dimensions).map((row) => ({ row, triples: triplesOf(row) }));
  const missing = new Set(product.flatMap(({ triples }) => triples));
  const rows: Row<D>[] = [];
  while (missing.size > 0) {
    const gains = product.map(({ triples }) => triples.filter((one) => missing.has(one)).length);
    const best = product[gains.indexOf(Math.max(...gains))];
    for (const triple of best?.triples ?? []) missing.delete(triple);
    if (best !== undefined) rows.push(best.row);
  }
  return rows;
}

function multiply<D extends Dimensions>(dimensions: D): readonly Row<D>[] {
  let rows: readonly object[] = [{}];
  for (const [name, values] of Object.entries(dimensions)) {
    rows = rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value })));
  }
  // Safe: each row was given one value of every dimension.
  return rows as readonly Row<D>[];
}

function triplesOf(row: object): readonly string[] {
  const parts = Object.entries(row).map((entry) => JSON.stringify(entry));
  return parts.flatMap((a, at) =>
    parts
      .slice(at + 1)
      .flatMap((b, next) => parts.slice(at + next + 2).map((c) => `${a} ${b} ${c}`)),
  );
}
