import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 200;
/** After SIGTERM, before SIGKILL. */
const STOP_GRACE_MS = 5_000;

const REMEDY =
  'get it with `gcloud components install beta pubsub-emulator`, or with Debian packages ' +
  '`google-cloud-cli` and `google-cloud-cli-pubsub-emulator` (Java 17 or newer)';

/**
 * Starts Google's Pub/Sub emulator on a free port of the loopback interface. `gcloud` leaves the
 * work to a Java process, which outlives a plain kill of its parent: both are a process group of
 * their own, and stopping ends the group.
 */
export async function startPubsubEmulator(): Promise<{
  host: string;
  close: () => Promise<void>;
}> {
  const host = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    'gcloud',
    ['beta', 'emulators', 'pubsub', 'start', '--project=local', `--host-port=${host}`],
    {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, CLOUDSDK_CORE_DISABLE_PROMPTS: '1' },
    },
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
  while (!(await answers(host))) {
    if (failure === undefined && Date.now() < deadline) {
      await sleep(READY_POLL_MS);
      continue;
    }
    await endGroup(child);
    throw new Error(
      `The Pub/Sub emulator did not start (${failure ?? 'not ready in time'}); ${REMEDY}\n${output}`,
    );
  }
  return { host, close: () => endGroup(child) };
}

async function answers(host: string): Promise<boolean> {
  try {
    return (await fetch(`http://${host}/v1/projects/local/topics`)).ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
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
