import { circlesOf, closureOf } from './import-graph.ts';

/** `node test/architecture/print-graph.ts [--files]`: how many files each function leads to, and who imports in circles. */
const FUNCTIONS = ['push', 'cluster', 'sweep', 'history', 'api', 'admission'];

for (const name of FUNCTIONS) {
  const entry = `functions/${name}/main.ts`;
  const loaded = closureOf(entry, 'values');
  const read = closureOf(entry, 'all');
  process.stdout.write(`${entry}: loads ${loaded.length} files, ${read.length} with types\n`);
  if (process.argv.includes('--files')) process.stdout.write(`${loaded.join('\n')}\n`);
}
for (const edges of ['values', 'all'] as const) {
  const circles = circlesOf(edges).map((circle) => `  ${circle.join(' ')}\n`);
  process.stdout.write(`circles, ${edges}: ${circles.length}\n${circles.join('')}`);
}
