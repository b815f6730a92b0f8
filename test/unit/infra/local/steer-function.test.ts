import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesIn } from '#infra/local/local-world/files.ts';
import { writeRecord } from '#infra/local/local-world/leftovers.ts';
import { lockFolder } from '#infra/local/local-world/lock-folder.ts';
import { steerFunction } from '#infra/local/steer-function.ts';

let dir: string;
let server: Server;
let url: string;
const tokens: unknown[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-steer-'));
  tokens.length = 0;
  server = createServer((request, response) => {
    tokens.push(request.headers.authorization);
    response.end('{"message": "Function push is stopped"}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterEach(async () => {
  server?.close();
  await rm(dir, { recursive: true });
});

function record(pid: number): void {
  const control = { url, token: 'of this world' };
  writeRecord(filesIn(dir).record, { pid, control, functions: [] });
}

const stop = () => steerFunction({ name: 'push', act: 'stop', dir });

describe('steerFunction()', () => {
  it('asks the world that runs, and shows its token', async () => {
    record(process.pid);
    const lock = lockFolder(filesIn(dir).lock, dir);
    expect(await stop()).toBe('Function push is stopped');
    lock.close();
    expect(tokens).toEqual(['Bearer of this world']);
  });

  it('sends no token to what listens where a killed world has listened', async () => {
    record(process.pid);
    lockFolder(filesIn(dir).lock, dir).close();
    await expect(stop()).rejects.toMatchObject({ code: 'bad-request' });
    expect(tokens).toEqual([]);
  });

  it('sends no token by the record of the world before', async () => {
    record(process.pid + 1);
    const lock = lockFolder(filesIn(dir).lock, dir);
    await expect(stop()).rejects.toThrow(`No local world runs in ${dir}`);
    lock.close();
    expect(tokens).toEqual([]);
  });
});
