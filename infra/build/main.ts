import { join } from 'node:path';
import { bundleFunctions, START, functionEntries } from './bundle.ts';
import { isFresh, markFresh } from './freshness.ts';

// `npm run build`: every function that exists, from functions/<name>/main.ts to dist/<name>/main.js; nothing where
// dist is of the same sources.
const root = join(import.meta.dirname, '..', '..');
const entries = await functionEntries(root);
const outdir = join(root, 'dist');
const build = { root, outdir, settings: { entries, start: START } };
if (await isFresh(build)) process.stdout.write('dist is of these sources: nothing to bundle\n');
else await bundleAll();

async function bundleAll(): Promise<void> {
  const count = Object.keys(entries).length;
  process.stdout.write(`Bundling ${count} functions, which takes some seconds\n`);
  for (const bundle of await bundleFunctions({ root, entries, start: START, outdir })) {
    const [start, lazy] = [kilobytes(bundle.startBytes), kilobytes(bundle.lazyBytes)];
    process.stdout.write(`dist/${bundle.name}  ${start} kB, ${lazy} kB lazy\n`);
  }
  await markFresh(build);
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(1);
}
