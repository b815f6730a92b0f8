import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { findTool } from './find-tool.ts';

/** What the programs of others are started with. */
export interface ToolBox {
  /** The path of a program. Throws an error that says how to get it. */
  readonly find: (name: string) => string;
  /** A port that nothing listens on. */
  readonly freePort: () => Promise<number>;
  /** Variables of each, beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds that one may take until it answers. */
  readonly startMs: number;
}

/** On two busy cores; a quiet machine needs about ten seconds. */
const START_MS = 120_000;

/** The tools that `npm run tools` builds, on any free port. */
export const TOOLS: ToolBox = { find: findTool, freePort, startMs: START_MS };

/** Below the ports that systems give to clients by themselves: none of these takes it before it is used. */
const PORTS = { from: 10_000, to: 32_000 } as const;
const TRIES = 100;

/** A port that was free a moment ago, for programs that cannot choose one themselves. */
async function freePort(): Promise<number> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const port = randomInt(PORTS.from, PORTS.to);
    if (await isFree(port)) return port;
  }
  throw new Error('No free port was found');
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  server.once('error', () => resolve(false));
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  return promise;
}
