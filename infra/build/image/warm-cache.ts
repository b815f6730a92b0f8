import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { WARM_CONFIG } from './warm-config.ts';

export interface WarmOptions {
  /** The Node that will run in the image: no other accepts what it compiled. */
  readonly node: string;
  /** The folder with `start.js`. */
  readonly app: string;
  /** Names of functions, each of which is started once. */
  readonly functions: readonly string[];
  /** Who will run it: Node keeps a folder for each user (it is part of the folder's name). */
  readonly uid: number;
}

/** Of `app`: as in the Dockerfile's NODE_COMPILE_CACHE. */
export const COMPILE_CACHE = 'compile-cache';

/** Compiled for the same seed each time, so that the same sources give the same bytes; V8 accepts them under any. */
const SEED = '--random-seed=1';
const START_TIMEOUT_MS = 60_000;
const USER = /-\d+$/;

/**
 * Fills the compile cache by starting each function, asking it once and stopping it, then by loading what functions
 * load only when they need it. Throws when one does not start: nobody should deploy it.
 */
export async function warmCache(options: WarmOptions): Promise<void> {
  const { app, functions, uid } = options;
  const cache = join(app, COMPILE_CACHE);
  await rm(cache, { recursive: true, force: true });
  const scratch = await mkdtemp(join(tmpdir(), 'countersign-warm-'));
  try {
    const config = join(scratch, 'countersign.yaml');
    await writeFile(config, WARM_CONFIG);
    for (const name of functions) await warmFunction(name, options, { COUNTERSIGN_CONFIG: config });
    await warmChunks(options);
  } finally {
    await rm(scratch, { recursive: true });
  }
  for (const folder of await readdir(cache)) {
    const wanted = folder.replace(USER, `-${uid}`);
    if (wanted !== folder) await rename(join(cache, folder), join(cache, wanted));
  }
}

async function warmFunction(
  name: string,
  { node, app }: WarmOptions,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const child = spawn(node, [SEED, join(app, 'start.js'), name], {
    env: { ...cacheIn(app), ...env, PORT: '0', HOST: '127.0.0.1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
  const output: string[] = [];
  let asked: Promise<Response> | undefined;
  for await (const line of createInterface(child.stdout)) {
    output.push(line);
    const port = /"port":(\d+),.*"message":"Listening"/.exec(line)?.[1];
    if (port === undefined || asked !== undefined) continue;
    asked = fetch(`http://127.0.0.1:${port}/health`);
    await asked;
    child.kill('SIGTERM');
  }
  const [code] = await exited;
  clearTimeout(timer);
  if (asked !== undefined && (await asked).ok && code === 0) return;
  throw new Error(`Function ${name} does not start in the image:\n${output.join('\n')}`);
}

/** Each chunk in a process of its own: what it compiles to would else depend on when garbage is collected. */
async function warmChunks({ node, app }: WarmOptions): Promise<void> {
  const chunks = (await readdir(join(app, 'chunks'))).filter((file) => file.endsWith('.js'));
  for (const file of chunks.toSorted()) {
    const source = `await import('./chunks/${file}');`;
    const args = [SEED, '--input-type=module', '--eval', source];
    const child = spawn(node, args, { cwd: app, env: cacheIn(app), stdio: 'inherit' });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`The chunk ${file} does not load: exit ${String(code)}`);
  }
}

/** Portable: the image has it elsewhere than the build. */
function cacheIn(app: string): Record<string, string> {
  return { NODE_COMPILE_CACHE: join(app, COMPILE_CACHE), NODE_COMPILE_CACHE_PORTABLE: '1' };
}
