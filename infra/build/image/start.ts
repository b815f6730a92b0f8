import { readdirSync } from 'node:fs';
import { mapStacks } from './map-stacks.ts';

// What the image starts: `node start.js FUNCTION` runs FUNCTION/main.js beside this file, and `node start.js
// countersign …` the command, which is none of the functions.
const COMMAND = 'countersign';
const name = process.argv[2];
const functions = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !['compile-cache', COMMAND].includes(entry.name))
  .map((entry) => entry.name)
  .toSorted();
if (name === COMMAND) {
  process.argv.splice(2, 1);
  await import(new URL(`./${COMMAND}/countersign.mjs`, import.meta.url).href);
} else if (name !== undefined && functions.includes(name)) {
  // The kernel ignores signals for process 1 that have no handler; once the function listens, it drains by itself.
  const leave = (): void => process.exit(0);
  process.once('SIGTERM', leave);
  await import(new URL(`./${name}/main.js`, import.meta.url).href);
  process.off('SIGTERM', leave);
  // Only now: a module that reads a stack while it is loaded, as Node's `domain` does, would have every start read maps.
  mapStacks();
} else {
  const asked = name === undefined ? 'No function was named' : `There is no function "${name}"`;
  const error = `${asked}: give the container one argument, of ${functions.join(', ')}; or "${COMMAND}" and its own`;
  const line = { severity: 'ERROR', code: 'bad-config', error, message: 'Function cannot start' };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  process.exitCode = 1;
}
