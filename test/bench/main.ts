// `npm run bench -- NAME`: runs test/bench/NAME.bench.ts, which prints figures and ratios and asserts none.
const [name = ''] = process.argv.slice(2);
if (/^[a-z-]+$/.test(name)) {
  await import(`./${name}.bench.ts`);
} else {
  process.stderr.write('Usage: npm run bench -- NAME, for NAME.bench.ts in test/bench\n');
  process.exitCode = 2;
}
