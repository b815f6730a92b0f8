import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeRequest } from './request.ts';
import { StatusError } from './status.ts';

/** What goes wrong with one request: late, never answered, cut off, or refused. */
export type Fault =
  | { kind: 'delay'; ms: number }
  | { kind: 'hang' }
  | { kind: 'drop' }
  | { kind: 'status'; code: number; reason: string; message: string; retryAfter?: number };

/** Decides per request, before anything else is done with it. */
export type InjectFault = (request: KubeRequest) => Fault | undefined;

/** Lets the fault happen; returns where the request goes on afterwards. */
export async function applyFault(
  fault: Fault,
  connection: { drop: () => void; closed: Promise<void> },
): Promise<void> {
  switch (fault.kind) {
    case 'delay':
      await sleep(fault.ms);
      return;
    case 'hang':
      await connection.closed;
      return;
    case 'drop':
      connection.drop();
      await connection.closed;
      return;
    case 'status': {
      const retry = fault.retryAfter === undefined ? {} : { retryAfterSeconds: fault.retryAfter };
      throw new StatusError(fault.code, fault.reason, fault.message, { details: retry });
    }
  }
}
