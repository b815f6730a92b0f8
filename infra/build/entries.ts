import { glob } from 'node:fs/promises';

/** What the image starts, bundled beside the functions. */
export const START = './infra/build/image/start.ts';

/** Every function that exists, by its name: `functions/<name>/main.ts`. */
export async function functionEntries(root: string): Promise<Record<string, string>> {
  const found: string[] = [];
  for await (const path of glob('functions/*/main.ts', { cwd: root })) {
    found.push(path.split(/[/\\]/).join('/'));
  }
  // In one order everywhere: what is bundled comes out the same.
  return Object.fromEntries(
    found.toSorted().map((path) => [path.split('/')[1] ?? '', `./${path}`]),
  );
}
