import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port of this machine that was free a moment ago, for programs that cannot choose one themselves. Another program
 * may take it in between; starting then fails loudly.
 */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address === 'object' && address !== null) return address.port;
  throw new Error('No free port was found');
}
