import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that Linux gives to clients by itself: a port that is free now is taken by none of them before it is used. */
const FIRST = 26_000;
/** Of each worker of a run, so that two never choose the same. */
const EACH = 1_000;
const WORKERS = 6;

const stretch = FIRST + EACH * (Number(process.env['VITEST_POOL_ID'] ?? 0) % WORKERS);
let next = randomInt(EACH);

/**
 * A port of this machine that was free a moment ago, for programs that cannot choose one themselves. Another program
 * may take it in between; starting then fails loudly.
 */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < EACH; tried += 1) {
    next = (next + 1) % EACH;
    if (await isFree(stretch + next)) return stretch + next;
  }
  throw new Error('No free port was found');
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  server.once('error', () => resolve(false));
  server.listen(port, '127.0.0.1', () => resolve(true));
  if (!(await promise)) return false;
  server.close();
  await once(server, 'close');
  return true;
}
