import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { runProcess } from './tools/process.ts';
import { endWithTests } from '#test/fixtures/end-with-tests.ts';
import { patiently } from '#test/patience.ts';

/** What an image says about how it is run: the part of `crane config` that matters. */
export const imageConfig = z.object({
  config: z.object({
    Entrypoint: z.array(z.string()),
    Env: z.array(z.string()),
    Labels: z.record(z.string(), z.string()),
    User: z.string().regex(/^[1-9]\d*:[1-9]\d*$/),
    WorkingDir: z.string(),
  }),
});
type ImageConfig = z.infer<typeof imageConfig>['config'];

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A container that runs as on Cloud Run, as far as one can without Google. */
export interface Container {
  /** What it wrote, line by line; a line that is no JSON is there as text. */
  readonly lines: readonly unknown[];
  readonly exited: Promise<number | null>;
  get(path: string): Promise<Answer>;
  /** Of process 1, from outside: a line of `/proc/<pid>/status`, or a path of its file system. */
  status(field: string): Promise<string>;
  pathOf(path: string): string;
  /** SIGTERM to process 1, as Cloud Run sends it. */
  stop(): Promise<number | null>;
}

export interface ContainerOptions {
  readonly root: string;
  readonly image: ImageConfig;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const SCRIPT = join(import.meta.dirname, 'image-sandbox.sh');
const NAMESPACES = '--keep-caps --mount --pid --fork --kill-child --net'.split(' ');
const PORT = '8080';
/** Where it hangs. Cloud Run waits ten seconds, below which is the sum of the drain's limits (`service/http/hand-back`). */
const STOP_LIMIT_MS = patiently(60_000);
const START_LIMIT_MS = patiently(300_000);
const POLL_MS = 20;
/** Longer than any answer may take. */
const ANSWER_LIMIT_MS = patiently(300_000);
const ASK = `
const answer = await fetch(process.argv[1], { signal: AbortSignal.timeout(${ANSWER_LIMIT_MS}) });
process.stdout.write(JSON.stringify({ status: answer.status, body: await answer.json() }));`;

/**
 * Starts a container: the image's user, environment, entry point and folder, process 1 of its own process namespace,
 * everything read-only but /tmp, and no network but loopback, so that there is no metadata server either.
 */
export function startContainer(options: ContainerOptions): Container {
  const { root, image, args } = options;
  const [uid = '', gid = ''] = image.User.split(':');
  const cloudRun = { PORT, K_SERVICE: args[0] ?? 'none', K_REVISION: `${args[0] ?? 'none'}-00001` };
  const env = [...image.Env, ...Object.entries({ ...cloudRun, ...options.env }).map(toVariable)];
  const isolated = [`--map-user=${uid}`, `--map-group=${gid}`, ...NAMESPACES];
  const child = endWithTests(() =>
    spawn(
      'unshare',
      [...isolated, 'bash', SCRIPT, root, image.WorkingDir, ...env, ...image.Entrypoint, ...args],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    ),
  );
  const lines: unknown[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (text) => lines.push(parse(text)));
  }
  const exited = once(child, 'close').then(() => child.exitCode);

  async function get(path: string): Promise<Answer> {
    const target = [
      '--target',
      String(await processOne(child)),
      '--user',
      '--preserve-credentials',
    ];
    const ask = [process.execPath, '--input-type=module', '--eval', ASK];
    const url = `http://127.0.0.1:${PORT}${path}`;
    const { code, stdout, stderr } = await runProcess({
      command: 'nsenter',
      args: [...target, '--net', ...ask, url],
    });
    if (code !== 0) throw new Error(`No answer to ${path}: ${stderr}`);
    return z.object({ status: z.int(), body: z.unknown() }).parse(JSON.parse(stdout));
  }

  return {
    lines,
    exited,
    get,
    async status(field) {
      const text = await readFile(`/proc/${await processOne(child)}/status`, 'utf8');
      return new RegExp(`^${field}:\\s+(.*)$`, 'm').exec(text)?.[1] ?? '';
    },
    pathOf: (path) => `/proc/${knownOne(child)}/root${path}`,
    async stop() {
      process.kill(await processOne(child), 'SIGTERM');
      const late = sleep(STOP_LIMIT_MS, 'late' as const, { ref: false });
      const code = await Promise.race([exited, late]);
      if (code !== 'late') return code;
      child.kill('SIGKILL');
      throw new Error(`Did not stop within ${STOP_LIMIT_MS} ms of SIGTERM`);
    },
  };
}

/** Waits for a line with this message. */
export async function waitForLine(container: Container, message: string): Promise<object> {
  const deadline = Date.now() + START_LIMIT_MS;
  while (Date.now() < deadline) {
    const found = container.lines.find((line) => messageOf(line) === message);
    if (typeof found === 'object' && found !== null) return found;
    await sleep(POLL_MS);
  }
  throw new Error(`No line "${message}" in:\n${JSON.stringify(container.lines, undefined, 1)}`);
}

function messageOf(line: unknown): unknown {
  return typeof line === 'object' && line !== null && 'message' in line ? line.message : undefined;
}

const ones = new WeakMap<ChildProcess, number>();

/** The child of `unshare`, which is process 1 to itself. */
async function processOne(child: ChildProcess): Promise<number> {
  const known = ones.get(child);
  if (known !== undefined) return known;
  const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
  const found = Number(children.trim());
  if (!Number.isInteger(found) || found === 0) throw new Error('The container is not running');
  ones.set(child, found);
  return found;
}

function knownOne(child: ChildProcess): number {
  const known = ones.get(child);
  if (known === undefined) throw new Error('Ask the container for something first');
  return known;
}

function toVariable([name, value]: readonly [string, string]): string {
  return `${name}=${value}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
