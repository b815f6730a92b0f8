import type { Random } from '../random.ts';
import type { Fault, Seen } from './fault-proxy.ts';

/** How a message on its way to a function is mistreated; only notifications may be lost for good. */
export function drawMessageFault(random: Random, losable: boolean): Fault | undefined {
  const draw = random.next();
  if (draw < 0.05) return losable ? { kind: 'swallow' } : undefined;
  if (draw < 0.1) return { kind: 'repeat', ms: random.waiting(3_000) };
  if (draw < 0.15) return { kind: 'delay', ms: random.waiting(2_000) };
  if (draw < 0.17) return { kind: 'cut' };
  if (draw < 0.19) return { kind: 'answer', status: 503, body: '{}' };
  return undefined;
}

/** How a call to a cluster is mistreated. */
export function drawClusterFault(random: Random, { method }: Seen): Fault | undefined {
  const draw = random.next();
  if (draw < 0.01) return { kind: 'answer', ...status(500, 'InternalError') };
  if (draw < 0.02) return { kind: 'answer', ...status(429, 'TooManyRequests') };
  if (draw < 0.03) return { kind: 'answer', status: 200, body: '<html>not Kubernetes</html>' };
  if (draw < 0.035) return { kind: 'hang', ms: 2_000 };
  if (draw < 0.045) return { kind: 'cut' };
  if (draw < 0.06) return { kind: 'delay', ms: random.waiting(800) };
  if (draw < 0.09 && method === 'PATCH') return { kind: 'answer', ...status(409, 'Conflict') };
  return undefined;
}

/** What a cluster that is out answers. */
export const OUT: Fault = { kind: 'hang', ms: 50 };

function status(code: number, reason: string): { status: number; body: string } {
  const body = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    reason,
    code,
    message: 'Injected',
  };
  return { status: code, body: JSON.stringify(body) };
}
