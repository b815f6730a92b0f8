import { join } from 'node:path';
import { bundleFunctions, START, functionEntries } from './bundle.ts';

// `npm run build`: every function that exists, from functions/<name>/main.ts to dist/<name>/main.js.
const root = join(import.meta.dirname, '..', '..');
const entries = await functionEntries(root);
const outdir = join(root, 'dist');
process.stdout.write(
  `Bundling ${Object.keys(entries).length} functions, which takes some seconds\n`,
);
for (const bundle of await bundleFunctions({ root, entries, start: START, outdir })) {
  const [start, lazy] = [kilobytes(bundle.startBytes), kilobytes(bundle.lazyBytes)];
  process.stdout.write(`dist/${bundle.name}  ${start} kB, ${lazy} kB lazy\n`);
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(1);
}
