import type * as Kubernetes from '@kubernetes/client-node';
import { CountersignError } from '#shared/core/errors.ts';
import type { Agents, Authorization, Connection } from './connection.ts';
import type { ClientLimits } from './limits.ts';
import { type Answer, sendRequest } from './send-request.ts';

/** An answer outside 2xx, on its way through client-node to whoever knows what was asked. */
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
    // client-node would announce a JSON patch, its default (facts/google-cloud.md section 5).
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
export function isTimeout(error: CountersignError): boolean {
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
