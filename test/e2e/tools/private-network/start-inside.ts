import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type * as z from 'zod';
import { parseJson } from '#shared/net/json.ts';
import { type Finished, runProcess } from '../process.ts';
import { insideSaid, type insideSettings, type Said } from './inside-lines.ts';
import { endWithTests } from '#test/fixtures/end-with-tests.ts';

const repository = join(import.meta.dirname, '../../../..');
/** Loopback is the only interface of a new network namespace, and is down. */
const SCRIPT = '{ ip link set lo up 2>/dev/null || ifconfig lo up; } && exec "$0" "$@"';
/** Of this machine: none may stand in for a setting. */
const NO_PROXIES = Object.fromEntries(
  ['https_proxy', 'http_proxy', 'no_proxy', 'node_extra_ca_certs'].flatMap((name) => [
    [name, undefined],
    [name.toUpperCase(), undefined],
  ]),
);

export type Network = Extract<Said, { ready: unknown }>['ready'];
export type SeenEvent = Extract<Said, { event: unknown }>['event'];

export interface Inside {
  readonly network: Network;
  /** Every status event so far. */
  readonly events: readonly SeenEvent[];
  /** What was logged there, for a test that fails. */
  readonly logs: readonly string[];
  /** A notification of the registry arrives. */
  publish(notification: object): void;
  /** The command, in the same namespace. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished>;
  stop(): Promise<void>;
}

/**
 * Starts Pub/Sub and the functions push, cluster and sweep in a network namespace of their own, from which only the
 * cable leads out. It ends with this process, whose end of its standard input it watches.
 *
 * @example const inside = await startInside({ folder, bundles, cable, proxyPort: 3128, sweepMs: 1_000 });
 */
export async function startInside(settings: z.infer<typeof insideSettings>): Promise<Inside> {
  const program = [process.execPath, join(import.meta.dirname, 'inside.ts')];
  const child = endWithTests(() =>
    spawn(
      'unshare',
      ['--map-root-user', '--net', 'bash', '-c', SCRIPT, ...program, JSON.stringify(settings)],
      {
        cwd: repository,
        env: { PATH: process.env['PATH'], HOME: settings.folder },
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    ),
  );
  const events: SeenEvent[] = [];
  const logs: string[] = [];
  const { promise: ready, resolve, reject } = Promise.withResolvers<Network>();
  const closed = once(child, 'close');
  child.once('error', reject);
  child.once('close', (code) => {
    reject(new Error(`It ended with ${code}:\n${logs.join('\n')}`));
  });
  createInterface(child.stderr).on('line', (line) => logs.push(line));
  createInterface(child.stdout).on('line', (line) => {
    const said = insideSaid.safeParse(parseJson(line)).data ?? { log: line };
    if ('ready' in said) resolve(said.ready);
    else if ('event' in said) events.push(said.event);
    else logs.push(said.log);
  });
  const network = await ready;

  return {
    network,
    events,
    logs,
    publish: (notification) => void child.stdin.write(`${JSON.stringify(notification)}\n`),
    run: (args, env = {}) =>
      runProcess({
        command: 'nsenter',
        // `unshare` became the program: it has the namespaces itself.
        args: [
          '--target',
          String(child.pid),
          '--user',
          '--preserve-credentials',
          '--net',
          process.execPath,
          join(repository, 'functions/cli/main.ts'),
          ...args,
        ],
        env: { ...NO_PROXIES, ...env },
      }),
    async stop() {
      child.stdin.end();
      await closed;
    },
  };
}
