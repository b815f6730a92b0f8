import { setTimeout as sleep } from 'node:timers/promises';
import { GoogleError } from './google-error.ts';

/** What goes wrong with calls to one membership. */
export type GatewayFault =
  /** Neither agent nor cluster answers, and nobody says so. */
  | { readonly kind: 'dead' }
  | { readonly kind: 'slow'; readonly ms: number }
  /** The cluster's own 429; `retryAfter` in seconds. */
  | { readonly kind: 'busy'; readonly retryAfter?: number }
  | { readonly kind: 'no-config-sync' }
  | { readonly kind: 'agent-down' }
  | { readonly kind: 'denied' }
  | { readonly kind: 'gone' }
  /** The fleet's 429. */
  | { readonly kind: 'quota'; readonly retryAfter?: number };

export interface FaultyCall {
  /** Of the cluster's API server. */
  readonly path: string;
  /** Ends when the caller has gone. */
  readonly closed: Promise<void>;
}

/** Lets the fault happen; the answer it gives, or none where the call goes on to the cluster. */
export async function applyFault(
  fault: GatewayFault,
  { path, closed }: FaultyCall,
): Promise<Response | undefined> {
  switch (fault.kind) {
    case 'dead':
      await closed;
      return new Response(null, { status: 504 });
    case 'slow':
      await sleep(fault.ms);
      return undefined;
    case 'busy':
      return tooManyRequests(fault.retryAfter);
    case 'no-config-sync':
      // In plain text, as an API server says it of a path that it does not serve.
      return path.startsWith('/apis/configsync.gke.io/')
        ? new Response('404 page not found\n', { status: 404 })
        : undefined;
    case 'agent-down':
      throw new GoogleError('DEADLINE_EXCEEDED', 'The agent of the cluster does not answer');
    case 'denied':
      throw new GoogleError('PERMISSION_DENIED', 'Permission gkehub.gateway.get denied');
    case 'gone':
      throw new GoogleError('NOT_FOUND', 'The membership does not exist');
    case 'quota':
      throw new GoogleError('RESOURCE_EXHAUSTED', 'Quota exceeded', fault.retryAfter);
  }
}

/** meta/v1 Status, as API priority and fairness answers. */
function tooManyRequests(retryAfter: number | undefined): Response {
  const headers = new Headers();
  if (retryAfter !== undefined) headers.set('retry-after', String(retryAfter));
  const body = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'too many requests, please try again later',
    reason: 'TooManyRequests',
    code: 429,
  };
  return Response.json(body, { status: 429, headers });
}
