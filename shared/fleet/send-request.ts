import { type Agent, type IncomingHttpHeaders, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { urlToHttpOptions } from 'node:url';
import { readStream } from '#shared/net/read-body.ts';
import type { ClientLimits } from './limits.ts';

/** How a server is known, and a client to it. */
export type Tls = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'rejectUnauthorized' | 'servername'
>;

/** One request, with all that is sent. */
export interface Outgoing {
  /** Protocol, host and port. */
  readonly server: URL;
  /** From its first slash on, with the query. */
  readonly path: string;
  readonly method: string;
  /** A list is sent as one header for each. */
  readonly headers: Record<string, string | string[]>;
  readonly body?: string | undefined;
  readonly tls?: Tls | undefined;
}

/** What client-node reads of an answer, and `readFailure`. */
export const ANSWER_HEADERS = ['content-type', 'date', 'retry-after'] as const;

/** A whole answer, whatever its status. */
export interface Incoming {
  readonly status: number;
  readonly headers: Pick<IncomingHttpHeaders, (typeof ANSWER_HEADERS)[number]>;
  readonly bytes: Buffer;
}

/**
 * Sends one request and reads the whole answer. Redirects are answers like any other: followed, a member cluster could
 * send Countersign, behind the gateway, wherever it likes. Throws `too-large`, a `TimeoutError` after the deadline, and
 * what breaks a connection.
 */
export type Send = (outgoing: Outgoing, limits: Bounds) => Promise<Incoming>;

export type Bounds = Pick<ClientLimits, 'callMs' | 'answerBytes'>;

/**
 * Sends by Node's own client, whose agents know proxies of all kinds.
 *
 * @example
 * const { status, bytes } = await createSend(agent)({ server, path: '/version', method: 'GET', headers: {} }, limits);
 */
export function createSend(agent: Agent): Send {
  return ({ server, path, method, headers, body, tls }, { callMs, answerBytes }) => {
    const { promise, resolve, reject } = Promise.withResolvers<Incoming>();
    const place = { ...urlToHttpOptions(server), host: server.host };
    const send = server.protocol === 'https:' ? requestHttps : requestHttp;
    const outgoing = send({ ...place, ...tls, path, method, headers, agent });

    function giveUp(error: Error): void {
      reject(error);
      outgoing.destroy();
    }

    // By a timer: an AbortSignal costs several listeners a request, and half a task's calls are that.
    const timer = setTimeout(() => giveUp(tooLate(callMs)), callMs);
    // Stays in place: a connection may break after the response has begun, too.
    outgoing.on('error', reject);
    outgoing.once('close', () => clearTimeout(timer));
    outgoing.once('response', (response) => {
      const { statusCode: status = 0, headers: received } = response;
      readStream(response, answerBytes, answerOf(server)).then(
        (bytes) => resolve({ status, headers: received, bytes }),
        giveUp,
      );
    });
    outgoing.end(body);
    return promise;
  };
}

/** The failure of a request without an answer in time. */
export function tooLate(milliseconds: number): DOMException {
  return new DOMException(`No answer within ${milliseconds} ms`, 'TimeoutError');
}

/** What is too large, as a subject. */
export function answerOf({ host }: URL): string {
  return `Answer of ${host}`;
}
