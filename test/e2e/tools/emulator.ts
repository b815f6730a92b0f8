import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { endWithTests } from '#test/fixtures/end-with-tests.ts';
import { patiently } from '#test/patience.ts';

const READY_TIMEOUT_MS = patiently(300_000);
const READY_POLL_MS = 200;
/** After SIGTERM, before SIGKILL. */
const STOP_GRACE_MS = patiently(60_000);
/** For a minute of little work: nothing is compiled for speed, and one thread collects. */
const SHORT_LIVED = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC';

/** One of Google's emulators, as `gcloud` starts it. */
export interface EmulatorProgram {
  readonly name: string;
  readonly command: string;
  /** Without `--host-port`. */
  readonly args: readonly string[];
  /** Answered with 2xx once it is ready. */
  readonly readyPath: string;
  readonly remedy: string;
}

export interface Emulator {
  /** `127.0.0.1:8085`, the form that its environment variable takes. */
  readonly host: string;
  close(): Promise<void>;
}

/**
 * Starts an emulator on a free port of the loopback interface. `gcloud` leaves the work to a Java process, which
 * outlives a plain kill of its parent: all of them are a process group of their own, and closing ends the group.
 * Throws, naming the fix, where it cannot be started.
 */
export async function startEmulator(program: EmulatorProgram): Promise<Emulator> {
  const host = `127.0.0.1:${await freePort()}`;
  const child = endWithTests(
    () =>
      spawn(program.command, [...program.args, `--host-port=${host}`], {
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, CLOUDSDK_CORE_DISABLE_PROMPTS: '1', JAVA_TOOL_OPTIONS: SHORT_LIVED },
      }),
    'group',
  );
  let output = '';
  let failure: string | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  child.once('error', (error) => {
    failure = error.message;
  });
  child.once('exit', (code) => {
    failure ??= `exit ${code}`;
  });
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!(await answers(`http://${host}${program.readyPath}`))) {
    if (failure === undefined && Date.now() < deadline) {
      await sleep(READY_POLL_MS);
      continue;
    }
    await endGroup(child);
    const why = failure ?? 'not ready in time';
    throw new Error(`${program.name} did not start (${why}); ${program.remedy}\n${output}`);
  }
  return { host, close: () => endGroup(child) };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

/** Ends every process of the group, and waits until there is none. */
async function endGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  const deadline = Date.now() + STOP_GRACE_MS;
  while (signalGroup(child.pid, Date.now() < deadline ? 'SIGTERM' : 'SIGKILL')) {
    await sleep(READY_POLL_MS);
  }
}

/** False once the group is empty. */
function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
