import { createHash } from 'node:crypto';
import type { Log } from '#shared/reconcile/deps.ts';
import type { ReadOverview } from '../../overview/read-overview.ts';
import type { ReadEdition } from './streams.ts';

/**
 * Names what the fleet is now: ages and the time of the count are no part of it.
 *
 * @example
 * const edition = await createEditions(readOverview, log)();
 */
export function createEditions(readOverview: ReadOverview, log: Log): ReadEdition {
  return async () => {
    const { asOf: _, oldestReadingSeconds: __, ...shown } = await readOverview(log);
    return createHash('sha256').update(JSON.stringify(shown)).digest('base64url').slice(0, 16);
  };
}
