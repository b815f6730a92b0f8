import { isDeepStrictEqual } from 'node:util';
import { KubeError, type KubeClient } from './kube-client.ts';
import { MAX_CONFLICTS } from './limits.ts';
import type { RSync } from './rsync.ts';
import type { Status } from './schema.ts';

const TIMES = new Set(['lastUpdate', 'lastUpdateTime', 'lastTransitionTime']);

/**
 * Changes `status` from what it is now, again where another write got in between; nothing is written where only times
 * would change. Throws `KubeError`, 404 for an object that is gone or was created anew.
 */
export async function updateStatus(
  kube: Pick<KubeClient, 'get' | 'putStatus'>,
  rsync: RSync,
  change: (status: Status) => Status,
): Promise<RSync> {
  let current = rsync;
  for (let attempt = 0; ; attempt += 1) {
    const status = change(current.status);
    if (sameStatus(current.status, status)) return current;
    try {
      return await kube.putStatus(current, status);
    } catch (error) {
      const conflict = error instanceof KubeError && error.code === 409;
      if (!conflict || attempt >= MAX_CONFLICTS) throw error;
      current = await kube.get(rsync);
      if (current.uid !== rsync.uid)
        throw new KubeError(404, 'object was deleted and created anew');
    }
  }
}

/** Whether two statuses say the same, whenever they said it. */
export function sameStatus(one: Status, other: Status): boolean {
  return isDeepStrictEqual(withoutTimes(one), withoutTimes(other));
}

function withoutTimes(status: Status): unknown {
  return JSON.parse(
    JSON.stringify(status, (key, value: unknown) => (TIMES.has(key) ? undefined : value)),
  );
}
