import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { IDLE_CONNECTION_MS } from './limits.ts';

/** Where an API server is, and how it knows Countersign: all that differs between kubeconfig and Connect Gateway. */
export interface Connection {
  /** Absolute URL without a slash at the end; may carry a path, as Connect Gateway's does. */
  readonly server: string;
  /** Asked for before each attempt, so that a token is never older than a call. */
  authorize(): Promise<Authorization>;
}

export interface Authorization {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls?: Pick<
    ConnectionOptions,
    'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'rejectUnauthorized' | 'servername'
  >;
  /** In place of the shared agent, for a cluster behind a proxy of its own. */
  readonly proxy?: HttpAgent;
}

/** Connections kept alive between calls and shared by all clusters of a fleet. */
export interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/**
 * One pool for a fleet: Node keeps a connection for reuse under its host *and* its TLS options, so that clusters never
 * share one unless both are equal, and rotated certificates open new ones.
 *
 * @example
 * const agents = createAgents();
 */
export function createAgents(): Agents {
  const options = { keepAlive: true, timeout: IDLE_CONNECTION_MS };
  return { http: new HttpAgent(options), https: new HttpsAgent(options) };
}
