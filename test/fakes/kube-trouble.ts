import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '#infra/local/kube/app.ts';
import type { KubeRequest } from '#infra/local/kube/request.ts';
import { type Kube, type KubeOptions, startKube } from '#infra/local/kube/start-kube.ts';
import { forbidden, StatusError } from '#infra/local/kube/status.ts';
import { defined } from '#shared/core/defined.ts';

/** What goes wrong with one request: late, never answered, cut off, or refused. */
type Fault =
  | { kind: 'delay'; ms: number }
  | { kind: 'hold'; until: Promise<void> }
  | { kind: 'hang' }
  | { kind: 'drop' }
  | { kind: 'status'; code: number; reason: string; message: string; retryAfter?: number };

/** Decides per request, before anything else is done with it. */
export type InjectFault = (request: KubeRequest) => Fault | undefined;

/** How an embedded cluster misbehaves. */
export interface Trouble {
  fault?: InjectFault;
  /** Refuses requests as RBAC would; everything is allowed without it. */
  forbid?: (request: KubeRequest) => boolean;
}

/**
 * An embedded cluster with faults, and then with what stands in for RBAC.
 *
 * @example const kube = await startTroubledKube({ name: 'cluster-1', fault: () => ({ kind: 'hang' }) });
 */
export function startTroubledKube(options: KubeOptions & Trouble): Promise<Kube> {
  const { fault, forbid, ...rest } = options;
  return startKube({
    ...rest,
    async intercept(request, connection) {
      const found = fault?.(request);
      if (found !== undefined) await applyFault(found, connection);
      if (forbid?.(request) === true) refuse(request);
    },
  });
}

/** Applies the fault; returns where the request goes on afterwards. */
async function applyFault(fault: Fault, connection: Connection): Promise<void> {
  switch (fault.kind) {
    case 'delay':
      await sleep(fault.ms);
      return;
    case 'hold':
      await fault.until;
      return;
    case 'hang':
      await connection.closed;
      return;
    case 'drop':
      connection.drop();
      await connection.closed;
      return;
    case 'status': {
      const details = defined({ retryAfterSeconds: fault.retryAfter });
      throw new StatusError(fault.code, fault.reason, fault.message, { details });
    }
  }
}

function refuse({ target, user, verb, path }: KubeRequest): never {
  if (target === undefined) {
    const message = `forbidden: User "${user}" cannot ${verb} path "${path}"`;
    throw new StatusError(403, 'Forbidden', message);
  }
  const place =
    target.namespace === undefined
      ? 'at the cluster scope'
      : `in the namespace "${target.namespace}"`;
  const why = `User "${user}" cannot ${verb} resource "${target.plural}" in API group "${target.group}" ${place}`;
  throw forbidden(target, target.name ?? '', why);
}
