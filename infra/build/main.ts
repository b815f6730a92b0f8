import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleFunctions, START, functionEntries } from './bundle.ts';

// `npm run build`: every function that exists, from functions/<name>/main.ts to dist/<name>/main.js.
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const bundles = await bundleFunctions({
  root,
  entries: await functionEntries(root),
  start: START,
  outdir: join(root, 'dist'),
});
for (const { name, startBytes, lazyBytes } of bundles) {
  process.stdout.write(
    `dist/${name}  ${kilobytes(startBytes)} kB, ${kilobytes(lazyBytes)} kB lazy\n`,
  );
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(1);
}
