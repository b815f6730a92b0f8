import { execFile } from 'node:child_process';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

interface WarmOptions {
  /** The Node that will run in the image: no other accepts what it compiled. */
  readonly node: string;
  /** The folder with `start.js`. */
  readonly app: string;
  /** Names of functions. */
  readonly functions: readonly string[];
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
 * Fills the compile cache: loads each chunk, then each function as far as its environment. Each in a process of its
 * own that does nothing else, for what V8 keeps would else depend on time. Throws when one does not load: it
 * must not be deployed.
 */
export async function warmCache({ node, app, functions, uid }: WarmOptions): Promise<void> {
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

  for (const name of functions) {
    const chunks = await readdir(join(app, name, 'chunks'));
    for (const file of chunks.filter((found) => found.endsWith('.js')).toSorted()) {
      const source = `await import('./${name}/chunks/${file}');`;
      await load(['--input-type=module', '--eval', source], (code) => code === 0);
    }
    const refused = (code: unknown, output: string): boolean =>
      code === 1 && /"code":"bad-config".*\bPORT\b/.test(output);
    await load(['start.js', name], refused);
  }
  for (const folder of await readdir(cache)) {
    const wanted = folder.replace(USER, `-${uid}`);
    if (wanted !== folder) await rename(join(cache, folder), join(cache, wanted));
  }
}
