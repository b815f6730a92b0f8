import { readFile, rm } from 'node:fs/promises';
import { writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import * as z from 'zod';
import { parseJson } from '#shared/net/json.ts';

const recordSchema = z.object({
  /** The world's own process. */
  pid: z.int().positive(),
  /** Where the world is steered, and with which token. */
  control: z.object({ url: z.url(), token: z.string() }),
  functions: z.array(z.object({ name: z.string(), pid: z.int().positive(), bundle: z.string() })),
});

/** What a world that runs has in its folder, for others on this machine. */
export type WorldRecord = z.infer<typeof recordSchema>;

/** For its user alone: who has the token can stop functions. */
export function writeRecord(path: string, record: WorldRecord): void {
  writeFileSync(path, `${JSON.stringify(record)}\n`, { mode: 0o600 });
}

/** Undefined where no world has left one. */
export async function readRecord(path: string): Promise<WorldRecord | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return recordSchema.safeParse(parseJson(text)).data;
}

/** A process that an earlier world started. */
type Leftover = WorldRecord['functions'][number];

const POLL_MS = 10;

/**
 * Ends the functions of a world that was killed, and returns them; resolves when their ports are free. A process that
 * got the number of one since runs something else, and is left alone.
 */
export async function endLeftovers(path: string): Promise<readonly Leftover[]> {
  const { functions = [] } = (await readRecord(path)) ?? {};
  const left: Leftover[] = [];
  for (const one of functions) {
    if (!(await isAlive(one))) continue;
    left.push(one);
    try {
      process.kill(one.pid, 'SIGKILL');
    } catch {
      // It went by itself meanwhile.
    }
  }
  // Of those that went by themselves, too, the last ones may be on their way.
  for (const one of functions) while (!(await hasEnded(one))) await sleep(POLL_MS);
  await rm(path, { force: true });
  return left;
}

async function isAlive({ pid, bundle }: Leftover): Promise<boolean> {
  return (await commandOf(pid)).includes(bundle);
}

/** Whether its sockets are closed: a process that ends has lost its command line before, and is a zombie afterwards. */
async function hasEnded({ pid, bundle }: Leftover): Promise<boolean> {
  const command = await commandOf(pid);
  return (command !== '' && !command.includes(bundle)) || /^Z|^$/.test(await stateOf(pid));
}

/** The state of a process, as `ps` has it; empty where there is none. */
async function stateOf(pid: number): Promise<string> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2);
  } catch {
    return ps(pid, 'stat=');
  }
}

/** The command line of a process; empty where there is none, or none any more. */
async function commandOf(pid: number): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ps(pid, 'args=');
  }
}

async function ps(pid: number, column: string): Promise<string> {
  const listed = promisify(execFile)('ps', ['-o', column, '-p', `${pid}`]);
  return listed.then(({ stdout }) => stdout.trim()).catch(() => '');
}
