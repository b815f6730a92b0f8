import type { Server } from 'node:net';
import { CountersignError } from '#shared/core/errors.ts';

/** What to do about an address that cannot be had, by the system's code. */
const FIXES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is already in use: stop what listens there, or set PORT to another one',
  EACCES: 'may not be listened on: set PORT to 1024 or above',
  EADDRNOTAVAIL: 'is not an address of this machine: set HOST to one that is',
  ENOTFOUND: 'is not an address of this machine: set HOST to one that is',
};

/** Listens, and resolves with the port (of interest where 0 was asked for). Throws `bad-config` naming the fix. */
export function listen(server: Server, address: { port: number; host: string }): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once('error', (cause: NodeJS.ErrnoException) => {
    const fix = FIXES[cause.code ?? ''] ?? `cannot be listened on: ${cause.message}`;
    const message = `Port ${address.port} on ${address.host} ${fix}`;
    reject(new CountersignError('bad-config', message, { cause }));
  });
  server.listen(address.port, address.host, () => {
    const bound = server.address();
    resolve(typeof bound === 'object' && bound !== null ? bound.port : address.port);
  });
  return promise;
}
