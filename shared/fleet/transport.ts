import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type * as Kubernetes from '@kubernetes/client-node';
import { CountersignError } from '#shared/core/errors.ts';
import { secretsIn, withoutSecrets } from '#shared/core/sent-secrets.ts';
import { type Retry, createRetry } from '#shared/net/retry.ts';
import type { Agents, Authorization, Connection } from './connection.ts';
import type { ClientLimits } from './limits.ts';

/** An answer outside 2xx, on its way through client-node to the caller, which knows what was asked. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`HTTP status ${answer.status}`);
    this.answer = answer;
  }
}

export interface TransportDeps {
  readonly agents: Agents;
  readonly limits: ClientLimits;
}

/**
 * How client-node's calls travel. Its own transport opens a new TLS connection per call, follows redirects, and
 * bounds neither time nor size. `send` throws `Refused`, `cluster-unreachable` and `too-large`.
 *
 * @example
 * const httpApi = createTransport(kubernetes, 'edge-1', connection, { agents, limits });
 * const configuration = kubernetes.createConfiguration({ baseServer, httpApi });
 */
export function createTransport(
  kubernetes: typeof Kubernetes,
  cluster: string,
  connection: Connection,
  { agents, limits }: TransportDeps,
): Kubernetes.HttpLibrary {
  async function exchange(request: Kubernetes.RequestContext): Promise<Answer> {
    const authorization = await authorize(connection, cluster);
    const method = request.getHttpMethod();
    const body = request.getBody();
    const headers: Record<string, string> = {
      ...request.getHeaders(),
      'User-Agent': 'countersign',
    };
    // client-node would announce a JSON patch, its default (docs/facts/google-cloud.md#kubernetes-client).
    if (method === 'PATCH') headers['Content-Type'] = kubernetes.PatchStrategy.MergePatch;
    const text = typeof body === 'string' ? body : undefined;
    const call = { url: new URL(request.getUrl()), method, headers, body: text, authorization };
    const bounds = { deadlineMs: limits.callMs, maxBytes: limits.answerBytes };
    try {
      return await sendRequest(call, agents, bounds);
    } catch (error) {
      if (error instanceof CountersignError) throw error;
      throw unreachable(cluster, error);
    }
  }

  return kubernetes.wrapHttpLibrary({
    async send(request) {
      const answer = await exchange(request);
      if (answer.status < 200 || answer.status > 299) throw new Refused(answer);
      const body = {
        text: () => Promise.resolve(answer.text),
        binary: () => Promise.resolve(Buffer.from(answer.text)),
        stream: () => null,
      };
      return new kubernetes.ResponseContext(answer.status, answer.headers, body);
    },
  });
}

/** Whether an attempt ended by its deadline: another would spend the same time on the same silence. */
function isTimeout(error: CountersignError): boolean {
  return error.cause instanceof DOMException && error.cause.name === 'TimeoutError';
}

async function authorize(connection: Connection, cluster: string): Promise<Authorization> {
  try {
    return await connection.authorize();
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    throw new CountersignError(
      'cluster-unreachable',
      `Credentials for cluster ${JSON.stringify(cluster)} cannot be had; see its user in the kubeconfig`,
      { cause: error },
    );
  }
}

function unreachable(cluster: string, cause: unknown): CountersignError {
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  const message = `Cluster ${JSON.stringify(cluster)} cannot be reached${code}`;
  return new CountersignError('cluster-unreachable', message, { cause });
}

/**
 * Repeats a call that was throttled, or that a server error or broken connection ended: random pauses, on top of what
 * `Retry-After` asks for as long as that is short. Every other failure is thrown at once.
 *
 * @example
 * const repeat = createRepeat(DEFAULT_CLIENT_LIMITS);
 * const page = await repeat(() => list(kind, page));
 */
export function createRepeat(limits: ClientLimits): Retry {
  return createRetry(limits, { helps: isWorthRepeating });
}

function isWorthRepeating(error: unknown): boolean {
  if (!(error instanceof CountersignError) || !error.retry || isTimeout(error)) return false;
  return error.code === 'cluster-unreachable' || error.code === 'fleet-unavailable';
}

export interface OutgoingCall {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly authorization: Authorization;
}

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
}

/** What one exchange may cost. */
export interface Bounds {
  readonly deadlineMs: number;
  readonly maxBytes: number;
}

/**
 * Sends one request and reads the whole answer, whatever its status. Redirects are answers like any other: followed,
 * a member cluster could send Countersign, behind the gateway, wherever it likes. Credentials that the answer repeats
 * are taken out of it, so that none of its texts can show them. Throws `too-large`, a `TimeoutError`
 * after the deadline, and what Node throws for a broken connection.
 */
function sendRequest(
  { url, method, body, authorization, ...call }: OutgoingCall,
  agents: Agents,
  { deadlineMs, maxBytes }: Bounds,
): Promise<Answer> {
  const secure = url.protocol === 'https:';
  const agent = authorization.proxy ?? (secure ? agents.https : agents.http);
  const headers = { ...call.headers, ...authorization.headers };
  const options = { ...authorization.tls, method, headers, agent };
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const outgoing = secure ? requestHttps(url, options) : requestHttp(url, options);

  function giveUp(error: Error): void {
    reject(error);
    outgoing.destroy();
  }

  // By a timer: an AbortSignal costs several listeners a request, and half a task's calls are that.
  const timer = setTimeout(() => {
    giveUp(new DOMException(`No answer within ${deadlineMs} ms`, 'TimeoutError'));
  }, deadlineMs);
  // Stays in place: a connection may break after the response has begun, too.
  outgoing.on('error', reject);
  outgoing.once('close', () => clearTimeout(timer));
  outgoing.once('response', (response) => {
    readText(response, { url, maxBytes, giveUp }, (text) => {
      const secrets = secretsIn(headers);
      resolve({
        status: response.statusCode ?? 0,
        headers: flatten(response.headers, secrets),
        text: withoutSecrets(text, secrets),
      });
    });
  });
  outgoing.end(body);
  return promise;
}

interface Reading {
  readonly url: URL;
  readonly maxBytes: number;
  readonly giveUp: (error: Error) => void;
}

/** Counts what arrives, whatever Content-Length says. */
function readText(
  response: IncomingMessage,
  { url, maxBytes, giveUp }: Reading,
  use: (text: string) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.byteLength;
    chunks.push(chunk);
    if (size <= maxBytes) return;
    const message = `Answer of ${url.host} is larger than ${maxBytes} bytes`;
    giveUp(new CountersignError('too-large', message));
  });
  response.once('end', () => use(Buffer.concat(chunks).toString('utf8')));
  response.once('error', giveUp);
}

function flatten(
  headers: IncomingMessage['headers'],
  secrets: readonly string[],
): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    flat[name] = withoutSecrets(Array.isArray(value) ? value.join(', ') : value, secrets);
  }
  return flat;
}
