import { createServer } from 'node:net';
import { CountersignError } from '#shared/core/errors.ts';
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

/** `free`: whatever ports the system gives; an offset: the fixed ones, all moved up by it, but for those that are named. */
export type PortChoice = 'free' | number | NamedPorts;

interface NamedPorts {
  readonly offset: number;
  readonly named: Partial<Ports>;
}

/** The port of every part; 0 stands for any free one. */
export function choosePorts(choice: PortChoice): Ports {
  const ports: Record<PortName, number> = { ...PORTS };
  const { offset, named } = typeof choice === 'object' ? choice : { offset: choice, named: {} };
  for (const name of PORT_NAMES) {
    ports[name] = named[name] ?? (offset === 'free' ? 0 : ports[name] + offset);
  }
  return ports;
}

/**
 * Reads what people write: `free`, or `api=9090,registry=5001`, beside an offset for all others. Throws `bad-request`
 * for what is no port of the world.
 */
export function readPorts(text: string | undefined, offset: number): PortChoice {
  if (offset > HIGHEST_OFFSET) {
    throw refusal(
      `--port-offset ${offset} leads beyond the last port: write ${HIGHEST_OFFSET} at most`,
    );
  }
  if (text === undefined) return offset;
  if (text === 'free') {
    if (offset === 0) return 'free';
    throw refusal(
      '--ports free takes no usual port that --port-offset could move: leave one of the two out',
    );
  }
  const named: Partial<Record<PortName, number>> = {};
  for (const pair of text.split(',')) {
    const [, word, digits] = /^([a-z]+)=(\d{1,5})$/.exec(pair) ?? [];
    const name = PORT_NAMES.find((one) => one === word);
    const port = Number(digits);
    if (name === undefined || !(port <= HIGHEST_PORT)) {
      const names = PORT_NAMES.join(', ');
      const form = `free, or NAME=PORT with a comma between two, where NAME is one of ${names}`;
      throw refusal(`--ports ${pair} is no port of the local world: write ${form}`);
    }
    if (named[name] !== undefined)
      throw refusal(`--ports names ${name} twice: keep one of ${name}=${named[name]} and ${pair}`);
    named[name] = port;
  }
  refuseShared({ offset, named });
  return { offset, named };
}

function refuseShared(choice: NamedPorts): void {
  const ports = choosePorts(choice);
  for (const name of PORT_NAMES) {
    const other = PORT_NAMES.find((one) => ports[one] === ports[name]);
    if (ports[name] !== 0 && other !== undefined && other !== name) {
      throw refusal(
        `--ports: ${other} and ${name} have port ${ports[name]}; write another for one`,
      );
    }
  }
}

function refusal(message: string): CountersignError {
  return new CountersignError('bad-request', message);
}

/** What keeps the world from a port, and the way around it. */
const HINDRANCES = {
  EADDRINUSE: {
    is: `taken on ${HOST}`,
    fix: `stop what listens there, or choose other ports with \`npm run local -- --port-offset 100\` or \`--ports free\``,
  },
  EACCES: {
    is: 'kept for the administrator',
    fix: 'choose a higher one, such as `--ports api=8080`',
  },
} as const;
type Hindrance = keyof typeof HINDRANCES;

/** Throws a LocalWorldError that names every port that cannot be had and the way around it, before anything is started. */
export async function requireFreePorts(ports: Partial<Ports>, find = tryPort): Promise<void> {
  const tried = await Promise.all(
    Object.entries(ports).map(async ([name, port]) => ({
      port: `${port} (${name})`,
      hindrance: await find(port),
    })),
  );
  const hindered = Map.groupBy(tried, ({ hindrance }) => hindrance);
  hindered.delete(undefined);
  const sentences = [...hindered].map(([hindrance, found]) => {
    const { is, fix } = HINDRANCES[hindrance ?? 'EADDRINUSE'];
    const list = found.map(({ port }) => port).join(', ');
    return `${found.length === 1 ? `Port ${list} is` : `Ports ${list} are`} ${is}: ${fix}`;
  });
  if (sentences.length > 0) throw new LocalWorldError(sentences.join('\n'));
}

/** Undefined where the port is free. */
function tryPort(port: number): Promise<Hindrance | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Hindrance | undefined>();
  const server = createServer();
  server.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(error.code);
    else reject(error);
  });
  server.listen(port, HOST, () => server.close(() => resolve(undefined)));
  return promise;
}
