import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { FULL } from '#test/unit/config/fixture.ts';
import { PATIENCE } from '#test/patience.ts';
import { compileCache } from '#test/compile-cache.ts';
import { endWithTests } from '#test/fixtures/end-with-tests.ts';

const MAIN = fileURLToPath(new URL('../../functions/cli/main.ts', import.meta.url));
const DIGEST = `sha256:${'a'.repeat(64)}`;
const IMAGE = 'registry.example/configs/platform:v1';

const servers: Server[] = [];
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** An API on loopback. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = z.object({ port: z.int() }).parse(server.address());
  return `http://127.0.0.1:${port}`;
}

interface Running {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  readonly ended: Promise<unknown>;
}

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const child = endWithTests(() =>
    spawn(process.execPath, [MAIN, ...args], {
      env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...compileCache(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  children.push(child);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = once(child, 'close').then(([code]: unknown[]) => code);
  return { child, out: () => out, err: () => err, ended };
}

/** Waits for its first follower for ever. */
const WAITING: RequestListener = (request, answer) => {
  answer.setHeader('content-type', 'application/json');
  const verdict = {
    image: IMAGE,
    digest: DIGEST,
    verdict: 'verified',
    message: '',
    candidates: [],
  };
  answer.end(JSON.stringify(request.url === '/v1/verify' ? verdict : { clusters: [], syncs: [] }));
};

describe('Ctrl-C', () => {
  it('ends a wait at once, and says that what it waited for goes on', async () => {
    const { child, err, out, ended } = start(['wait', IMAGE], {
      COUNTERSIGN_URL: await serve(WAITING),
    });
    await vi.waitFor(() => expect(err()).toContain('No RSync follows'), PATIENCE);
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(out()).toBe('');
    expect(err()).toMatch(/\nInterrupted: the wait is over; .* nothing was changed\n$/);
  });

  it('ends a request that is on its way, and says that it was sent', async () => {
    let asked = false;
    const url = await serve(() => {
      asked = true;
    });
    const { child, err, ended } = start(['resync', '--all', '--url', url]);
    await vi.waitFor(() => expect(asked).toBe(true), PATIENCE);
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(err()).toBe('Interrupted: the request was sent, and may have taken effect\n');
  });
});

describe('a pipe', () => {
  it('that breaks ends the command without a word', async () => {
    const { child, err, ended } = start(['config', 'schema']);
    // Before it writes: what a pipe holds may be all of it.
    child.stdout?.destroy();
    expect(await ended).toBe(141);
    expect(err()).toBe('');
  });

  it('that is read slowly gets all of it', async () => {
    const { child, out, ended } = start(['config', 'schema']);
    const { stdout } = child;
    stdout?.pause();
    // As much has come as is taken in without a reader; or the command has ended, and Node reads on by itself.
    const held = () => (stdout?.readableLength ?? 0) >= 65_536 || child.exitCode !== null;
    await vi.waitFor(() => expect(held()).toBe(true), PATIENCE);
    stdout?.resume();
    expect(await ended).toBe(0);
    expect(JSON.parse(out())).toMatchObject({ title: 'Countersign configuration' });
  });
});

describe('a failure', () => {
  it('that a library loses on its way is one line as well', async () => {
    const { out, err, ended } = start(['letters', 'list', '--config', FULL], {
      METADATA_SERVER_DETECTION: 'none',
    });
    expect(await ended).toBe(2);
    expect(out()).toBe('');
    expect(err().trimEnd().split('\n')).toEqual([
      expect.stringMatching(/PUBSUB_EMULATOR_HOST.* \(unauthenticated\)$/),
    ]);
  });

  it('of the service is one line', async () => {
    const { out, err, ended } = start(['freezes', '--url', 'http://127.0.0.1:1']);
    expect(await ended).toBe(2);
    expect(out()).toBe('');
    expect(err().trimEnd().split('\n')).toHaveLength(1);
    expect(err()).toContain('http://127.0.0.1:1 (--url) does not answer');
  });
});
