import { chmod, copyFile, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { run } from '../image/run.ts';
import { OLDEST_NODE } from './polyfills.ts';

interface PackageOptions {
  readonly root: string;
  /** Where `countersign.mjs` is, and the package goes. */
  readonly outdir: string;
  readonly version: string;
  /** The bundles of the functions, which `countersign local` runs. */
  readonly functions: string;
}

/** Scoped and private: npm never publishes it, and no public name can be taken for it. */
const NAME = '@countersign/cli';
const [FILE_MODE, PROGRAM_MODE] = [0o644, 0o755];

/**
 * Packs the command as npm installs it from the file, without a registry: it depends on nothing. The same files give
 * the same bytes. Returns the path of the package.
 */
export async function packCommand(options: PackageOptions): Promise<string> {
  const { root, outdir, version, functions } = options;
  const stage = join(outdir, 'package');
  await rm(stage, { recursive: true, force: true });
  await mkdir(join(stage, 'man'), { recursive: true });
  const program = join(outdir, 'countersign.mjs');
  const files: Readonly<Record<string, string>> = {
    'package.json': `${JSON.stringify(manifestOf(version), undefined, 2)}\n`,
    'man/countersign.1': await run(program, ['man'], stage),
  };
  for (const [path, text] of Object.entries(files)) {
    await writeFile(join(stage, path), text, { mode: FILE_MODE });
  }
  await copyFile(program, join(stage, 'countersign.mjs'));
  await chmod(join(stage, 'countersign.mjs'), PROGRAM_MODE);
  await copyFile(join(root, 'LICENSE'), join(stage, 'LICENSE'));
  await cp(functions, join(stage, 'functions'), { recursive: true });
  const packed = await run('npm', ['pack', '--json', `--pack-destination=${outdir}`], stage);
  await rm(stage, { recursive: true });
  return join(outdir, readPacked(packed));
}

function manifestOf(version: string): object {
  return {
    name: NAME,
    version,
    description: 'Asks Countersign what runs where and why, and decides on it',
    license: 'Apache-2.0',
    private: true,
    type: 'module',
    engines: { node: `>=${OLDEST_NODE}` },
    bin: { countersign: 'countersign.mjs' },
    man: ['man/countersign.1'],
  };
}

const Packed = z.array(z.object({ filename: z.string() })).length(1);

function readPacked(printed: string): string {
  const [packed] = Packed.parse(JSON.parse(printed));
  if (packed === undefined) throw new Error('npm packed nothing');
  return packed.filename;
}
