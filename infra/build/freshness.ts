import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

const STAMP = 'stamp';
const Meta = z.object({
  inputs: z.record(z.string(), z.unknown()),
  outputs: z.record(z.string(), z.object({ bytes: z.int() })),
});
type Meta = z.infer<typeof Meta>;

/** A build, by where it was written and what it was made with. */
interface Build {
  readonly root: string;
  readonly outdir: string;
  /** What else decides what comes out: the names of entries, say. */
  readonly settings: unknown;
}

/**
 * Whether `outdir` has what a build of these sources would write: every file that the last one read has the content that
 * it had, and every file that it wrote is there. Bundling takes half a minute of work, and most starts need none.
 */
export async function isFresh(build: Build): Promise<boolean> {
  const { root, outdir } = build;
  try {
    const meta = await readMeta(outdir);
    for (const [path, { bytes }] of Object.entries(meta.outputs)) {
      if ((await stat(join(root, path))).size !== bytes) return false;
    }
    return (await readFile(join(outdir, STAMP), 'utf8')) === (await stampOf(build, meta));
  } catch {
    // A file is gone, or none was built.
    return false;
  }
}

/** Notes what the build in `outdir` was made of, for `isFresh`. */
export async function markFresh(build: Build): Promise<void> {
  const meta = await readMeta(build.outdir);
  await writeFile(join(build.outdir, STAMP), await stampOf(build, meta));
}

async function readMeta(outdir: string): Promise<Meta> {
  return Meta.parse(JSON.parse(await readFile(join(outdir, 'meta.json'), 'utf8')));
}

async function stampOf({ root, settings }: Build, { inputs }: Meta): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([process.version, settings]));
  // Those with a colon are of a plugin, which writes them from others.
  const read = Object.keys(inputs).filter((path) => !path.includes(':'));
  const parts = ['bundle.ts', 'eager-modules.ts', 'plugins.ts', 'protos-of.ts'];
  const builders = parts.map((name) => [name, fileURLToPath(new URL(name, import.meta.url))]);
  const sources = ['package-lock.json', ...read.toSorted()].map((name) => [name, join(root, name)]);
  // By their names, and not their places: a clone may have the build of its sources.
  for (const [name = '', path = ''] of [...builders, ...sources]) {
    hash.update(`${name}\0`).update(await readFile(path));
  }
  return hash.digest('hex');
}
