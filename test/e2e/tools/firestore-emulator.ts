import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';

const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 200;
/** After SIGTERM, before SIGKILL. */
const STOP_GRACE_MS = 5_000;

const REMEDY =
  'get it with `gcloud components install cloud-firestore-emulator`, or with Debian packages ' +
  '`google-cloud-cli` and `google-cloud-cli-firestore-emulator` (Java 17 or newer)';

export interface FirestoreEmulator {
  /** `127.0.0.1:8087`, the form FIRESTORE_EMULATOR_HOST takes. */
  readonly host: string;
  close(): Promise<void>;
}

/**
 * Starts Google's Firestore emulator on a free port of the loopback interface. `gcloud` leaves the work to a Java
 * process behind a shell: all of them are a process group of their own, and closing ends the group. Throws, naming
 * the fix, where it cannot be started. `command` is another one only in tests of that.
 */
export async function startFirestoreEmulator(command = 'gcloud'): Promise<FirestoreEmulator> {
  const host = `127.0.0.1:${await freePort()}`;
  const child = spawn(command, ['emulators', 'firestore', 'start', `--host-port=${host}`], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, CLOUDSDK_CORE_DISABLE_PROMPTS: '1' },
  });
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
  while (!(await answers(host))) {
    if (failure === undefined && Date.now() < deadline) {
      await sleep(READY_POLL_MS);
      continue;
    }
    await endGroup(child);
    const why = failure ?? 'not ready in time';
    throw new Error(`The Firestore emulator did not start (${why}); ${REMEDY}\n${output}`);
  }
  return { host, close: () => endGroup(child) };
}

async function answers(host: string): Promise<boolean> {
  try {
    return (await fetch(`http://${host}/`)).ok;
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
