import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Metafile, type Plugin, build } from 'esbuild';
import * as z from 'zod';
import { NODE_BANNER } from '../bundle.ts';
import { insteadOfFiles, PLUGINS } from '../plugins.ts';
import { builtins } from './builtins.ts';
import { OLDEST_NODE, polyfills } from './polyfills.ts';

/** What `countersign version` says of a bundle. */
export interface Release {
  readonly version: string;
  /** The commit that it is built from. */
  readonly commit: string;
}

interface CommandOptions {
  readonly root: string;
  /** As modules are written for Node itself, or as a single executable takes them. */
  readonly format: 'esm' | 'cjs';
  readonly outfile: string;
  readonly release: Release;
}

const ENTRY = './functions/cli/main.ts';
const PROGRAM_MODE = 0o755;

/**
 * The command in one file that Node 20 runs, with nothing beside it. What is imported dynamically is in the file, and
 * is run when it is needed. The same sources give the same bytes.
 */
export async function bundleCommand(options: CommandOptions): Promise<Metafile> {
  const { root, format, outfile, release } = options;
  // A package of the local world's is imported while it is bundled, and does not load without.
  await import('reflect-metadata');
  const first = polyfills().map((name) => `import ${JSON.stringify(name)};`);
  const { metafile } = await build({
    absWorkingDir: root,
    stdin: {
      contents: [...first, `import ${JSON.stringify(ENTRY)};`].join('\n'),
      resolveDir: root,
      sourcefile: 'countersign.ts',
    },
    outfile,
    bundle: true,
    format,
    platform: 'node',
    target: `node${OLDEST_NODE}`,
    minifySyntax: true,
    minifyWhitespace: true,
    minifyIdentifiers: false,
    legalComments: 'none',
    banner: {
      js: format === 'esm' ? `#!/usr/bin/env node\n${OLD_NODE}\n${NODE_BANNER}` : CJS_BANNER,
    },
    metafile: true,
    logLevel: 'warning',
    define: {
      COUNTERSIGN_VERSION: JSON.stringify(release.version),
      COUNTERSIGN_COMMIT: JSON.stringify(release.commit),
      ...(format === 'cjs' && { 'import.meta.url': 'countersignUrl' }),
    },
    plugins: [installed(root), await carriedFiles(root), builtins, withoutUndici, ...PLUGINS],
  });
  await chmod(outfile, PROGRAM_MODE);
  return metafile;
}

/** Runs before the rest: an older Node would end with the stack of some missing function. */
const OLD_NODE = [
  'const countersignNode = process.versions.node.split(".").map(Number);',
  `if (countersignNode[0] < 20 || (countersignNode[0] === 20 && countersignNode[1] < ${OLDEST_NODE.slice(3)})) {`,
  `  process.stderr.write("countersign needs Node ${OLDEST_NODE} or newer, and this is Node " + process.versions.node + "\\n");`,
  '  process.exit(2);',
  '}',
].join('\n');

/** A single executable has no file: it is where it runs. */
const CJS_BANNER =
  'const countersignUrl = require("node:url").pathToFileURL(process.execPath).href;';

/** What differs between a checkout and what is packed. */
function installed(root: string): Plugin {
  const packed = join(root, 'infra', 'build', 'cli', 'installation.ts');
  return insteadOfFiles('installation', {
    filter: /[/\\]functions[/\\]cli[/\\]about[/\\]installation\.ts$/,
    contents: `export * from ${JSON.stringify(packed)};`,
    loader: 'js',
  });
}

/**
 * Leaves out the HTTP client that Kubernetes' client brings: it does not load on Node 20, and our calls go past it
 * (`shared/fleet/transport.ts`).
 */
const withoutUndici = insteadOfFiles('without-undici', {
  filter: /[/\\]node_modules[/\\]undici[/\\]index\.js$/,
  contents: 'module.exports = { Agent: class {}, ProxyAgent: class {}, fetch: globalThis.fetch };',
  loader: 'js',
});

const CRDS = ['rootsyncs', 'reposyncs'];

/** The texts that the local world reads, in the file itself. */
async function carriedFiles(root: string): Promise<Plugin> {
  const protos = 'node_modules/@google-cloud/pubsub/build/protos/protos.json';
  const text = (path: string): Promise<string> => readFile(join(root, path), 'utf8');
  const crds = await Promise.all(
    CRDS.map(async (plural) => [plural, await text(`infra/kubernetes/crds/${plural}.yaml`)]),
  );
  return insteadOfFiles('carried-files', {
    filter: /[/\\]infra[/\\]local[/\\]carried-files\.ts$/,
    contents: [
      `const crds = ${JSON.stringify(Object.fromEntries(crds))};`,
      `export const readProtos = () => ${JSON.stringify(await text(protos))};`,
      'export const readCrdText = (plural) => crds[plural];',
      `export const readRoleText = () => ${JSON.stringify(await text('infra/kubernetes/rbac/base/role.yaml'))};`,
    ].join('\n'),
    loader: 'js',
  });
}

const Manifest = z.object({ version: z.string() });

/** The version of the repository's package. */
export async function versionOf(root: string): Promise<string> {
  return Manifest.parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))).version;
}
