import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { CountersignError } from '#shared/core/errors.ts';
import { secretsIn, withoutSecrets } from '#shared/core/sent-secrets.ts';
import type { Variables } from '#shared/net/environment.ts';
import { reasonOf } from '#shared/net/network-reason.ts';
import { type Retry, createRetry } from '#shared/net/retry.ts';
import { within } from '#shared/net/within.ts';
import type * as Kubernetes from './kubernetes.ts';
import { type ClientLimits, IDLE_CONNECTION_MS } from './limits.ts';
import type { Verb } from './pace.ts';
import { ANSWER_HEADERS, type Incoming, type Send, type Tls, createSend } from './send-request.ts';

/** Where an API server is, and how it knows Countersign: all that differs between kubeconfig and Connect Gateway. */
export interface Connection {
  /** Absolute URL without a slash at the end; may carry a path, as Connect Gateway's does. */
  readonly server: string;
  /** Asked for before each attempt, so that a token is never older than a call. */
  authorize(): Promise<Authorization>;
  /** What to do where Google's front end denies a call, by the call; Connect Gateway's without it. */
  readonly grant?: (verb: Verb) => string;
}

export interface Authorization {
  /** A list is sent as one header for each. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly tls?: Tls;
  /** In place of the shared agent, for a cluster behind a proxy of its own. */
  readonly proxy?: HttpAgent;
  /** What to send where the cluster has refused these credentials; undefined: there are no newer ones. */
  readonly renew?: () => Promise<Authorization | undefined>;
}

/** Connections kept alive between calls and shared by all clusters of a fleet. */
export interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/**
 * One pool for a fleet: Node keeps a connection for reuse under its host *and* its TLS options, so that clusters never
 * share one unless both are equal, and rotated certificates open new ones. `proxyEnv`: `HTTPS_PROXY`, `HTTP_PROXY` and
 * `NO_PROXY`, as people set them.
 *
 * @example
 * const agents = createAgents();
 */
export function createAgents(proxyEnv: Variables = {}): Agents {
  const options = { keepAlive: true, timeout: IDLE_CONNECTION_MS, proxyEnv };
  return { http: new HttpAgent(options), https: new HttpsAgent(options) };
}

/** An answer outside 2xx, on its way through client-node to the caller, which knows what was asked. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`HTTP status ${answer.status}`);
    this.answer = answer;
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
}

export interface TransportDeps {
  readonly agents: Agents;
  /** Sends what no proxy is named for; absent: Node's client does. */
  readonly direct?: Send;
  readonly limits: ClientLimits;
  /** What patches are: JSON merge patches, unless it says otherwise. */
  readonly patch?: Kubernetes.PatchStrategy;
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
  { agents, direct, limits, patch = kubernetes.PatchStrategy.MergePatch }: TransportDeps,
): Kubernetes.HttpLibrary {
  const server = new URL('/', connection.server);
  const shared = direct ?? createSend(server.protocol === 'https:' ? agents.https : agents.http);

  async function exchange(request: Kubernetes.RequestContext): Promise<Answer> {
    const authorization = await bounded(() => connection.authorize(), cluster, limits);
    const answer = await send(request, authorization);
    const { renew } = authorization;
    if (answer.status !== 401 || renew === undefined) return answer;
    const newer = await bounded(renew, cluster, limits);
    return newer === undefined ? answer : send(request, newer);
  }

  async function send(
    request: Kubernetes.RequestContext,
    authorization: Authorization,
  ): Promise<Answer> {
    const method = request.getHttpMethod();
    const headers: Record<string, string | string[]> = {
      ...request.getHeaders(),
      'User-Agent': 'countersign',
    };
    for (const [name, value] of Object.entries(authorization.headers)) {
      headers[name] = typeof value === 'string' ? value : [...value];
    }
    // client-node would announce a JSON patch, its default (docs/facts/google-cloud.md#kubernetes-client).
    if (method === 'PATCH') headers['Content-Type'] = patch;
    const { tls, proxy } = authorization;
    const sendBy = proxy === undefined ? shared : createSend(proxy);
    const sent = request.getBody();
    const body = typeof sent === 'string' ? sent : undefined;
    const path = request.getUrl().slice(server.href.length - 1);
    try {
      const incoming = await sendBy({ server, path, method, headers, body, tls }, limits);
      return readAnswer(incoming, secretsIn(authorization.headers));
    } catch (cause) {
      if (cause instanceof CountersignError) throw cause;
      const message = `Cluster ${JSON.stringify(cluster)} cannot be reached${reasonOf(cause)}`;
      throw new CountersignError('cluster-unreachable', message, { cause });
    }
  }

  return kubernetes.wrapHttpLibrary({
    async send(request) {
      const { status, headers, text } = await exchange(request);
      if (status < 200 || status > 299) throw new Refused({ status, headers, text });
      const body = {
        text: () => Promise.resolve(text),
        binary: () => Promise.resolve(Buffer.from(text)),
        stream: () => null,
      };
      return new kubernetes.ResponseContext(status, headers, body);
    },
  });
}

/** Credentials, within their time: files, plugins and token servers may hang like anything else. */
async function bounded<T>(
  authorize: () => Promise<T>,
  cluster: string,
  { credentialsMs }: ClientLimits,
): Promise<T> {
  const what = `Credentials for cluster ${JSON.stringify(cluster)}`;
  try {
    return await within(credentialsMs, authorize, () => {
      const cause = new DOMException(`None within ${credentialsMs} ms`, 'TimeoutError');
      const message = `${what} took longer than ${credentialsMs} ms`;
      throw new CountersignError('cluster-unreachable', message, { cause });
    });
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    throw new CountersignError('cluster-unreachable', `${what} cannot be had${reasonOf(error)}`, {
      cause: error,
    });
  }
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

/** Whether an attempt ended by its deadline: another would spend the same time on the same silence. */
function isTimeout(error: CountersignError): boolean {
  return error.cause instanceof DOMException && error.cause.name === 'TimeoutError';
}

/** The answer without the credentials that it repeats: none of its texts can show them. */
function readAnswer({ status, headers, bytes }: Incoming, secrets: readonly string[]): Answer {
  const kept: Record<string, string> = {};
  for (const name of ANSWER_HEADERS) {
    const value = headers[name];
    if (value !== undefined) kept[name] = withoutSecrets(value, secrets);
  }
  return { status, headers: kept, text: withoutSecrets(bytes.toString('utf8'), secrets) };
}
