import { mkdir, readdir, readFile, rm, writeFile, glob } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { type Metafile, build } from 'esbuild';
import { createEagerModules, eagerModules } from './eager-modules.ts';
import { PLUGINS, publishAlone } from './plugins.ts';

interface BundleOptions {
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
  /** Names of the chunks that no file imports statically: with them and the entry all of it is loaded. */
  readonly lazyEntries: readonly string[];
}

/**
 * Bundles each function by itself, and writes esbuild's metafile of all of them to `<outdir>/meta.json`. ES modules with
 * splitting: what is imported dynamically is a chunk of its own. What functions share is kept once for each: bundled
 * together, it would fall into twice as many files, and each file costs every start (docs/performance.md).
 */
export async function bundleFunctions(options: BundleOptions): Promise<Bundle[]> {
  const { root, entries, start, outdir } = options;
  await mkdir(outdir, { recursive: true });
  const makeEager = createEagerModules();
  const builds = Object.entries(entries).map(([name, main]) =>
    bundle(root, { main }, join(outdir, name), makeEager),
  );
  if (start !== undefined) builds.push(bundle(root, { start }, outdir, makeEager));
  const metafiles = await Promise.all(builds);
  const metafile: Metafile = {
    inputs: Object.assign({}, ...metafiles.map(({ inputs }) => inputs)),
    outputs: Object.assign({}, ...metafiles.map(({ outputs }) => outputs)),
  };
  await writeFile(join(outdir, 'meta.json'), JSON.stringify(metafile));
  await writeFile(join(outdir, 'package.json'), '{"type":"module"}\n');
  const { outputs } = metafile;
  await removeStale(outdir, new Set(Object.keys(outputs).map((path) => resolve(root, path))));
  return Object.keys(entries).map((name) =>
    measure(name, relative(root, join(outdir, name, 'main.js')), outputs),
  );
}

/**
 * Bundles entries into one folder, by their names in it, with what they share once: smaller than one for each, and
 * slower to start.
 */
export async function bundle(
  root: string,
  entryPoints: Readonly<Record<string, string>>,
  outdir: string,
  makeEager: (code: string) => string = eagerModules,
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
    plugins: [publishAlone, ...PLUGINS],
  });
  for (const [path, output] of Object.entries(metafile.outputs)) {
    if (!path.endsWith('.js')) continue;
    const file = resolve(root, path);
    const code = Buffer.from(makeEager(await readFile(file, 'utf8')));
    await writeFile(file, code);
    output.bytes = code.length;
  }
  return metafile;
}

/** Removes what earlier builds left. Only afterwards, so that a process that runs the same code finds its chunks. */
async function removeStale(outdir: string, current: ReadonlySet<string>): Promise<void> {
  for (const found of await readdir(outdir, { recursive: true, withFileTypes: true })) {
    const path = join(found.parentPath, found.name);
    // What `npm run pack` makes is there as well.
    const isOther = found.parentPath === outdir || found.parentPath === join(outdir, 'cli');
    const isCurrent = isOther || current.has(path);
    if (found.isFile() && !isCurrent) await rm(path);
  }
}

function measure(name: string, main: string, outputs: Metafile['outputs']): Bundle {
  const bytesOf = (paths: ReadonlySet<string>): number =>
    [...paths].reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0);
  const startBytes = bytesOf(reachable(main, outputs, ['import-statement']));
  const all = reachable(main, outputs, ['import-statement', 'dynamic-import']);
  const imported = new Set(
    [...all].flatMap((path) => [...reachable(path, outputs, ['import-statement'])].slice(1)),
  );
  const lazy = [...all].filter((path) => path !== main && !imported.has(path));
  return {
    name,
    startBytes,
    lazyBytes: bytesOf(all) - startBytes,
    lazyEntries: lazy.map((path) => basename(path)).toSorted(),
  };
}

/** The part of `Outputs` that says what imports what. */
type Graph = Readonly<
  Record<string, { readonly imports: readonly { readonly path: string; readonly kind: string }[] }>
>;

/**
 * The output files that `path` leads to by imports of these kinds, itself included: by `import-statement` alone, what
 * is loaded before its first line runs.
 */
export function reachable(
  path: string,
  outputs: Graph,
  kinds: readonly ('import-statement' | 'dynamic-import')[],
): ReadonlySet<string> {
  const found = new Set([path]);
  // A set that grows while it is iterated visits what was added.
  for (const from of found) {
    for (const { path: to, kind } of outputs[from]?.imports ?? []) {
      if (to in outputs && kinds.some((wanted) => wanted === kind)) found.add(to);
    }
  }
  return found;
}

/**
 * What CommonJS packages expect of their surroundings, Pub/Sub's among them: `require`, `__filename` and `__dirname`.
 * The names are our own, for a bundled package may bring the usual ones and collide.
 */
export const NODE_BANNER = [
  "import { createRequire as countersignCreateRequire } from 'node:module';",
  "import { dirname as countersignDirname } from 'node:path';",
  "import { fileURLToPath as countersignFileURLToPath } from 'node:url';",
  'const require = countersignCreateRequire(import.meta.url);',
  'const __filename = countersignFileURLToPath(import.meta.url);',
  'const __dirname = countersignDirname(__filename);',
].join('\n');

/** What the image starts, bundled beside the functions. */
export const START = './infra/build/image/start.ts';

/** Whose main is the command: no function, and packed by itself. */
const COMMAND = 'cli';

/** Every function that exists, by its name: `functions/<name>/main.ts`. */
export async function functionEntries(root: string): Promise<Record<string, string>> {
  const names: string[] = [];
  for await (const path of glob('functions/*/main.ts', { cwd: root })) {
    const name = path.split(/[/\\]/)[1] ?? '';
    if (name !== COMMAND) names.push(name);
  }
  // In one order everywhere: what is bundled comes out the same.
  return Object.fromEntries(names.toSorted().map((name) => [name, `./functions/${name}/main.ts`]));
}
