import { once } from 'node:events';
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { createGatewayApp } from './app.ts';
import type { CallerOptions } from './caller.ts';
import type { GatewayFault } from './fault.ts';
import type { FleetHost } from './fleet-host.ts';
import { GATEWAY_CALLS_PER_MINUTE, createQuota } from './quota.ts';

export interface GatewayOptions extends CallerOptions {
  readonly hosts: readonly FleetHost[];
  /** 0, and nothing said, takes any free port. */
  readonly port?: number;
  /** Requests a minute for each fleet host project. */
  readonly callsPerMinute?: number;
  /** Milliseconds; counts the quota's minute. */
  readonly now?: () => number;
}

export interface Gateway {
  /** The origin of all three APIs. */
  readonly url: string;
  /** What is wrong with a membership, by full name; tests change it as they go. */
  readonly faults: Map<string, GatewayFault>;
  /** Calls to each membership so far, by full name. */
  readonly calls: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** Starts a fake of GKE Hub and Connect Gateway in front of clusters that run already, on loopback. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { hosts, port = 0, callsPerMinute = GATEWAY_CALLS_PER_MINUTE } = options;
  const now = options.now ?? (() => performance.now());
  const faults = new Map<string, GatewayFault>();
  const calls = new Map<string, number>();
  const app = createGatewayApp({
    hosts,
    callers: options,
    quota: createQuota(callsPerMinute, now),
    faults,
    onCall: (name) => void calls.set(name, (calls.get(name) ?? 0) + 1),
  });
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = createServer((incoming, outgoing) => void answer(incoming, outgoing));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    faults,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
