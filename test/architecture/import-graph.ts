import { readSources, type SourceFile } from './sources.ts';

/** Which files of the repository a file leads to, over imports of values, at once or as well by `import()`, or of types too. */
export type Edges = 'start' | 'values' | 'all';

const byPath: ReadonlyMap<string, SourceFile> = new Map(
  readSources('functions/**/*.ts', 'shared/**/*.ts', 'infra/**/*.ts').map((file) => [
    file.path,
    file,
  ]),
);

function targetsOf(path: string, edges: Edges): readonly string[] {
  const imports = byPath.get(path)?.imports ?? [];
  return imports
    .filter(({ ours, typeOnly, late }) => {
      if (!ours || edges === 'all') return ours;
      return !typeOnly && (edges === 'values' || !late);
    })
    .map(({ target }) => target)
    .filter((target) => byPath.has(target));
}

/** Every file that a process which starts with `entry` may load, `entry` among them, in order of path. */
export function closureOf(entry: string, edges: Edges = 'all'): readonly string[] {
  const seen = new Set([entry]);
  for (const path of seen) for (const target of targetsOf(path, edges)) seen.add(target);
  return [...seen].toSorted();
}

/** Groups of files that import each other in a circle, each in order of path, the largest first. */
export function circlesOf(edges: Edges): readonly (readonly string[])[] {
  const reach = new Map([...byPath.keys()].map((path) => [path, new Set(closureOf(path, edges))]));
  const circles = new Map<string, readonly string[]>();
  for (const [path, targets] of reach) {
    const circle = [...targets].filter((target) => reach.get(target)?.has(path)).toSorted();
    if (circle.length > 1) circles.set(circle.join(), circle);
  }
  return [...circles.values()].toSorted((a, b) => b.length - a.length);
}
