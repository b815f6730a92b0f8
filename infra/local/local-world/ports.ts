import { createServer } from 'node:net';
import { LocalWorldError } from './local-world-error.ts';

/** The functions, in the order in which a message meets them. */
export const FUNCTION_NAMES = ['push', 'cluster', 'sweep', 'history', 'api', 'admission'] as const;
export type FunctionName = (typeof FUNCTION_NAMES)[number];

/** Everything of the local world that listens. */
const PORT_NAMES = ['registry', ...FUNCTION_NAMES, 'pubsub', 'traces'] as const;
export type PortName = (typeof PORT_NAMES)[number];

/** Where everything of the local world listens (docs/quick-start.md). */
const PORTS = {
  registry: 5000,
  api: 8080,
  push: 8081,
  cluster: 8082,
  sweep: 8083,
  history: 8084,
  pubsub: 8085,
  admission: 8443,
  traces: 4318,
} as const satisfies Readonly<Record<PortName, number>>;

export type Ports = Readonly<Record<PortName, number>>;

export const HOST = '127.0.0.1';
const HIGHEST_PORT = 65_535;
export const HIGHEST_OFFSET = HIGHEST_PORT - Math.max(...Object.values(PORTS));

/** `free`: whatever ports the system gives; a number: the fixed ones, all moved up by it. */
export type PortChoice = 'free' | number;

/** The port of every part; 0 stands for any free one. */
export function choosePorts(choice: PortChoice): Ports {
  const ports: Record<PortName, number> = { ...PORTS };
  for (const name of PORT_NAMES) ports[name] = choice === 'free' ? 0 : ports[name] + choice;
  return ports;
}

/** Throws a LocalWorldError that names every taken port and the way around it, before anything is started. */
export async function requireFreePorts(ports: Partial<Ports>): Promise<void> {
  const named = Object.entries(ports);
  const free = await Promise.all(named.map(([, port]) => isFree(port)));
  const taken = named.filter((_, at) => !free[at]).map(([name, port]) => `${port} (${name})`);
  if (taken.length === 0) return;
  const subject = taken.length === 1 ? `Port ${taken[0]} is` : `Ports ${taken.join(', ')} are`;
  const fix = `or choose other ports with \`npm run local -- --port-offset 100\``;
  throw new LocalWorldError(`${subject} taken on ${HOST}: stop what listens there, ${fix}`);
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE') resolve(false);
    else reject(error);
  });
  server.listen(port, HOST, () => server.close(() => resolve(true)));
  return promise;
}
