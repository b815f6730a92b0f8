import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import type { Metafile } from 'esbuild';
import { NODE_BANNER } from './banner.ts';

export interface BundleOptions {
  /** Root of the repository: where `functions` and `node_modules` are. */
  readonly root: string;
  /** Entry per function: name → path of its `main.ts`. */
  readonly entries: Readonly<Record<string, string>>;
  readonly outdir: string;
}

/** One function's bundle: `<outdir>/<name>/main.js` and the chunks that it loads with it or later. */
export interface Bundle {
  readonly name: string;
  /** Of the entry and everything that it imports statically: what a cold start parses. */
  readonly startBytes: number;
  /** Of the chunks that are loaded only when needed. */
  readonly lazyBytes: number;
}

/**
 * Bundles each function by itself, so that one can be deployed without the others, and writes what is in each to
 * `<outdir>/meta.json`, by name. ES modules with splitting: what is imported dynamically is a chunk of its own.
 */
export async function bundleFunctions({ root, entries, outdir }: BundleOptions): Promise<Bundle[]> {
  await mkdir(outdir, { recursive: true });
  const built = await Promise.all(
    Object.entries(entries).map(async ([name, entry]) => {
      const { metafile } = await build({
        absWorkingDir: root,
        entryPoints: { main: entry },
        outdir: join(outdir, name),
        bundle: true,
        splitting: true,
        format: 'esm',
        platform: 'node',
        target: 'node24',
        minify: true,
        // Names are what stack traces and the framework show.
        keepNames: true,
        sourcemap: 'linked',
        sourcesContent: false,
        chunkNames: 'chunks/[name]-[hash]',
        banner: { js: NODE_BANNER },
        legalComments: 'none',
        metafile: true,
        logLevel: 'warning',
      });
      return { name, metafile };
    }),
  );
  const metafiles = Object.fromEntries(built.map(({ name, metafile }) => [name, metafile]));
  await writeFile(join(outdir, 'meta.json'), JSON.stringify(metafiles));
  await writeFile(join(outdir, 'package.json'), '{"type":"module"}\n');
  const outputs = built.flatMap(({ metafile }) => Object.keys(metafile.outputs));
  await removeStale(outdir, new Set(outputs.map((path) => resolve(root, path))));
  return built.map(({ name, metafile }) => {
    const main = relative(root, join(outdir, name, 'main.js'));
    return measure(name, main, metafile.outputs);
  });
}

/** Removes what earlier builds left. Only afterwards, so that a process that runs the same code finds its chunks. */
async function removeStale(outdir: string, current: ReadonlySet<string>): Promise<void> {
  for (const found of await readdir(outdir, { recursive: true, withFileTypes: true })) {
    const path = join(found.parentPath, found.name);
    const ours = found.parentPath === outdir || current.has(path);
    if (found.isFile() && !ours) await rm(path);
  }
}

function measure(name: string, main: string, outputs: Metafile['outputs']): Bundle {
  const bytesOf = (paths: Iterable<string>): number =>
    [...paths].reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0);
  const startBytes = bytesOf(staticImports(main, outputs));
  const total = bytesOf(Object.keys(outputs).filter((path) => path.endsWith('.js')));
  return { name, startBytes, lazyBytes: total - startBytes };
}

/** The output file and all that it imports before it runs. */
function staticImports(
  path: string,
  outputs: Metafile['outputs'],
  seen = new Set<string>(),
): ReadonlySet<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  for (const { path: imported, kind } of outputs[path]?.imports ?? []) {
    if (kind === 'import-statement' && imported in outputs) staticImports(imported, outputs, seen);
  }
  return seen;
}
