import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { assembleImage } from './assemble.ts';
import { stageRootfs } from './stage-rootfs.ts';

// `npm run image [-- --out FOLDER] [--revision COMMIT]` lays out the file system of the image, beside its base;
// `npm run image -- --push REPOSITORY [--base REFERENCE]` makes and pushes the image as well.
const root = join(import.meta.dirname, '..', '..', '..');
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: '.local/image' },
    push: { type: 'string' },
    base: { type: 'string' },
    revision: { type: 'string', default: 'unknown' },
  },
});
const { push: repository, base, revision } = values;
const out = resolve(root, values.out);
await stageRootfs(root, out, revision);
const made =
  repository === undefined
    ? join(out, 'rootfs')
    : await assembleImage({ root, out, repository, base, revision });
process.stdout.write(`${made}\n`);
