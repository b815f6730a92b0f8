import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  chmod,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import { type Bundle, bundleFunctions, START, functionEntries } from '../bundle.ts';
import { bundleCommand, versionOf } from '../cli/bundle-command.ts';
import { readSbom } from './sbom.ts';

/** `nonroot` of distroless, as in the Dockerfile. */
export const IMAGE_USER = 65_532;

const Meta = z.object({ inputs: z.record(z.string(), z.unknown()) });
/** Every user may read and none may write: it all belongs to root. */
const [FILE_MODE, PROGRAM_MODE] = [0o644, 0o755];

/**
 * Lays out what the image has beside its base, in `<out>/rootfs`: `/nodejs/bin/node`, and in `/app` the bundles with
 * their maps, the command, the compile cache and the SBOM. The same sources in the same place, of the same commit, give
 * the same bytes, modes and times.
 */
export async function stageRootfs(
  root: string,
  out: string,
  commit: string,
): Promise<readonly Bundle[]> {
  const rootfs = join(out, 'rootfs');
  const app = join(rootfs, 'app');
  const node = join(rootfs, 'nodejs', 'bin', 'node');
  await rm(rootfs, { recursive: true, force: true });
  await mkdir(join(rootfs, 'nodejs', 'bin'), { recursive: true });
  await copyFile(join(root, 'node_modules', 'node', 'bin', 'node'), node);
  await checkNode(node);
  await chmod(node, PROGRAM_MODE);
  const entries = await functionEntries(root);
  const bundles = await bundleFunctions({ root, entries, start: START, outdir: app });
  const meta = join(app, 'meta.json');
  const { inputs } = Meta.parse(JSON.parse(await readFile(meta, 'utf8')));
  await rm(meta);
  const release = { version: await versionOf(root), commit };
  const outfile = join(app, 'countersign', 'countersign.mjs');
  const command = await bundleCommand({ root, format: 'esm', outfile, release });
  const bundled = [...Object.keys(inputs), ...Object.keys(command.inputs)];
  await writeFile(join(app, 'sbom.spdx.json'), await readSbom(root, bundled));
  await warmCache({ node, app, bundles, uid: IMAGE_USER });
  await settle(rootfs, node);
  return bundles;
}

/** Modes and times that do not depend on who built it, and when. */
async function settle(folder: string, program: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await settle(path, program);
    else await chmod(path, path === program ? PROGRAM_MODE : FILE_MODE);
    await utimes(path, 0, 0);
  }
  await chmod(folder, PROGRAM_MODE);
  await utimes(folder, 0, 0);
}

/**
 * Of `bin/node` of Node 24.21.0 for Linux on x64, what Cloud Run runs. The lock file does not cover it: the package
 * `node` fetches the binary of its machine by name and version when it is installed.
 */
export const NODE_SHA256 = '7fde7b8afa198da66257f42ee2001d874c7355631e6d1579a5fb5ef1f246df4c';

/** Throws unless the file is the Node that this repository names. */
export async function checkNode(file: string, wanted: string = NODE_SHA256): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const found = hash.digest('hex');
  if (found === wanted) return;
  throw new Error(
    `${file} has the hash ${found} and not ${wanted}: build on linux/amd64, or, if Node was renewed, write its hash into infra/build/image/stage-rootfs.ts`,
  );
}

interface WarmOptions {
  /** The Node that will run in the image: no other accepts what it compiled. */
  readonly node: string;
  /** The folder with `start.js`. */
  readonly app: string;
  readonly bundles: readonly Bundle[];
  /** Who will run it: Node keeps a folder for each user (it is part of the folder's name). */
  readonly uid: number;
}

/** Of `app`: as in the Dockerfile's NODE_COMPILE_CACHE. */
export const COMPILE_CACHE = 'compile-cache';

/** Compiled for the same seed each time, so that the same sources give the same bytes; V8 accepts them under any. */
const SEED = '--random-seed=1';
/** A function that cannot listen there ends at once, its modules loaded. */
const NO_PORT = 'none';
const TIMEOUT_MS = 60_000;
const USER = /-\d+$/;

/**
 * Fills the compile cache: of each function the chunks that no other one loads, one after the other in a process that
 * does nothing else, then the function as far as its environment. The bytes do not depend on time: Node keeps what a file
 * is compiled to before it runs. Throws when one does not load: it must not be deployed.
 */
export async function warmCache({ node, app, bundles, uid }: WarmOptions): Promise<void> {
  const cache = join(app, COMPILE_CACHE);
  await rm(cache, { recursive: true, force: true });
  // Portable: the image has it elsewhere than the build.
  const env = { NODE_COMPILE_CACHE: cache, NODE_COMPILE_CACHE_PORTABLE: '1', PORT: NO_PORT };

  function load(args: readonly string[], ends: (code: unknown, output: string) => boolean) {
    const options = { cwd: app, env, timeout: TIMEOUT_MS };
    return new Promise<void>((resolve, reject) => {
      execFile(node, [SEED, ...args], options, (error, output, noise) => {
        if (ends(error?.code ?? 0, output)) return resolve();
        const message = `${args.join(' ')} does not load: ${output}${noise}`;
        return reject(new Error(message, { cause: error }));
      });
    });
  }

  for (const { name, lazyEntries } of bundles) {
    const source = lazyEntries.map((file) => `await import('./${name}/chunks/${file}');`).join('');
    await load(['--input-type=module', '--eval', source], (code) => code === 0);
    const refused = (code: unknown, output: string): boolean =>
      code === 1 && /"code":"bad-config".*\bPORT\b/.test(output);
    await load(['start.js', name], refused);
  }
  for (const folder of await readdir(cache)) {
    const wanted = folder.replace(USER, `-${uid}`);
    if (wanted !== folder) await rename(join(cache, folder), join(cache, wanted));
  }
}
