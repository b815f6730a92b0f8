import type { Metafile } from 'esbuild';

export type Outputs = Metafile['outputs'];

/** The part of `Outputs` that says what imports what. */
export type Graph = Readonly<
  Record<string, { readonly imports: readonly { readonly path: string; readonly kind: string }[] }>
>;

/**
 * The output files that `path` leads to by imports of these kinds, itself included: by `import-statement` alone, what
 * is loaded before its first line runs.
 */
export function reachable(
  path: string,
  outputs: Graph,
  kinds: readonly ('import-statement' | 'dynamic-import')[],
): ReadonlySet<string> {
  const found = new Set([path]);
  // A set that grows while it is iterated visits what was added.
  for (const from of found) {
    for (const { path: to, kind } of outputs[from]?.imports ?? []) {
      if (to in outputs && kinds.some((wanted) => wanted === kind)) found.add(to);
    }
  }
  return found;
}
