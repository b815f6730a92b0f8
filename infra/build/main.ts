import { glob } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleFunctions } from './bundle.ts';

// `npm run build`: every function that exists, from functions/<name>/main.ts to dist/<name>/main.js.
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const entries: Record<string, string> = {};
for await (const path of glob('functions/*/main.ts', { cwd: root })) {
  const [, name = ''] = path.split(/[/\\]/);
  entries[name] = `./${path}`;
}
const bundles = await bundleFunctions({ root, entries, outdir: join(root, 'dist') });
for (const { name, startBytes, lazyBytes } of bundles) {
  process.stdout.write(
    `dist/${name}  ${kilobytes(startBytes)} kB, ${kilobytes(lazyBytes)} kB lazy\n`,
  );
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(1);
}
