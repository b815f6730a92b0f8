import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { commitOf, releaseCommand } from './release-command.ts';

// `npm run pack [-- --out FOLDER] [--revision COMMIT] [--executable]`: the command as it is given to people.
const root = join(import.meta.dirname, '..', '..', '..');
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'dist/cli' },
    revision: { type: 'string' },
    executable: { type: 'boolean', default: false },
  },
});
const { revision, executable } = values;
const commit = revision ?? (await commitOf(root));
const outdir = resolve(root, values.out);
for (const name of await releaseCommand({ root, outdir, commit, executable })) {
  process.stdout.write(`${join(values.out, name)}\n`);
}
