import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { type Metafile, build } from 'esbuild';
import { NODE_BANNER } from './banner.ts';
import { lazyPackages } from './lazy-packages.ts';
import { type Outputs, reachable } from './reachable.ts';
import { withoutDomain } from './without-domain.ts';
import { withoutHttp2 } from './without-http2.ts';
import { withoutLocales } from './without-locales.ts';
import { withoutCharacterTables } from './without-tables.ts';
import { withoutUndici } from './without-undici.ts';

export interface BundleOptions {
  /** Root of the repository: where `functions` and `node_modules` are. */
  readonly root: string;
  /** Entry per function: name → path of its `main.ts`. */
  readonly entries: Readonly<Record<string, string>>;
  /** What the image starts: it becomes `<outdir>/start.js`. */
  readonly start?: string;
  readonly outdir: string;
}

/** One function's bundle: `<outdir>/<name>/main.js` and `<outdir>/<name>/chunks`. */
export interface Bundle {
  readonly name: string;
  /** Of the entry and everything that it imports statically: what a cold start parses. */
  readonly startBytes: number;
  /** Of the chunks that are loaded only when needed. */
  readonly lazyBytes: number;
}

/**
 * Bundles each function by itself, and writes esbuild's metafile of all of them to `<outdir>/meta.json`. ES modules with
 * splitting: what is imported dynamically is a chunk of its own. What functions share is kept once for each: bundled
 * together, it would fall into twice as many files, and each file costs every start (docs/performance.md).
 */
export async function bundleFunctions(options: BundleOptions): Promise<Bundle[]> {
  const { root, entries, start, outdir } = options;
  await mkdir(outdir, { recursive: true });
  const builds = Object.entries(entries).map(([name, main]) =>
    bundle(root, { main }, join(outdir, name)),
  );
  if (start !== undefined) builds.push(bundle(root, { start }, outdir));
  const metafile = mergeMetafiles(await Promise.all(builds));
  await writeFile(join(outdir, 'meta.json'), JSON.stringify(metafile));
  await writeFile(join(outdir, 'package.json'), '{"type":"module"}\n');
  const { outputs } = metafile;
  await removeStale(outdir, new Set(Object.keys(outputs).map((path) => resolve(root, path))));
  return Object.keys(entries).map((name) =>
    measure(name, relative(root, join(outdir, name, 'main.js')), outputs),
  );
}

async function bundle(
  root: string,
  entryPoints: Readonly<Record<string, string>>,
  outdir: string,
): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints,
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    // Names are what stack traces show; `keepNames` would define each anew wherever a function is made.
    minifyIdentifiers: false,
    sourcemap: 'linked',
    sourcesContent: false,
    chunkNames: 'chunks/[name]-[hash]',
    banner: { js: NODE_BANNER },
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
    plugins: [
      lazyPackages,
      withoutCharacterTables,
      withoutDomain,
      withoutHttp2,
      withoutLocales,
      withoutUndici,
    ],
  });
  return metafile;
}

function mergeMetafiles(metafiles: readonly Metafile[]): Metafile {
  return {
    inputs: Object.assign({}, ...metafiles.map(({ inputs }) => inputs)),
    outputs: Object.assign({}, ...metafiles.map(({ outputs }) => outputs)),
  };
}

/** Removes what earlier builds left. Only afterwards, so that a process that runs the same code finds its chunks. */
async function removeStale(outdir: string, current: ReadonlySet<string>): Promise<void> {
  for (const found of await readdir(outdir, { recursive: true, withFileTypes: true })) {
    const path = join(found.parentPath, found.name);
    const ours = found.parentPath === outdir || current.has(path);
    if (found.isFile() && !ours) await rm(path);
  }
}

function measure(name: string, main: string, outputs: Outputs): Bundle {
  const bytesOf = (paths: ReadonlySet<string>): number =>
    [...paths].reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0);
  const startBytes = bytesOf(reachable(main, outputs, ['import-statement']));
  const allBytes = bytesOf(reachable(main, outputs, ['import-statement', 'dynamic-import']));
  return { name, startBytes, lazyBytes: allBytes - startBytes };
}
