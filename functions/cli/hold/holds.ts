import { defined } from '#shared/core/defined.ts';
import { viewLines } from '../screens/lines.ts';
import { viewHolds } from '../screens/people.ts';
import { count, type ExitCode } from '../terminal.ts';
import { readHolds } from '../api/pages.ts';
import type { VerbDeps } from '../verb.ts';
import { endOf } from '../read-time.ts';
import { HoldsOrdered } from '../api/schema.ts';

interface Ordering {
  readonly cluster: string;
  readonly sync?: string | undefined;
  readonly reason: string;
  /** ISO 8601. */
  readonly until?: string;
  /** Milliseconds. */
  readonly for?: number;
  readonly key?: string;
  readonly dryRun?: boolean;
}

/** Sets holds, or lifts them; 0 also where all was so already. */
export function orderHold(
  does: 'hold' | 'lift',
): (given: Ordering, deps: Pick<VerbDeps, 'api' | 'terminal' | 'date'>) => Promise<ExitCode> {
  return async ({ cluster, sync, key, reason, dryRun, ...time }, { api, terminal, date }) => {
    const place = [cluster, ...(sync === undefined ? [] : [sync])].map(encodeURIComponent);
    const path = `/v1/holds/${place.join('/')}`;
    const until = endOf(time, date());
    const ordered =
      does === 'hold'
        ? await api.put(path, defined({ reason, until, dryRun }), HoldsOrdered, key)
        : await api.delete(
            path,
            { reason, dryRun: dryRun ? 'true' : undefined },
            HoldsOrdered,
            key,
          );
    const names = ordered.syncs.map((one) => `${ordered.cluster} ${one.sync}`);
    terminal.show(viewLines(ordered, describe(ordered, does), names));
    return 0;
  };
}

function describe(
  { dryRun, cluster, syncs, asked }: HoldsOrdered,
  does: 'hold' | 'lift',
): readonly string[] {
  const done = { hold: 'held', lift: 'no longer held' }[does];
  const is = syncs.length === 1 ? 'is' : 'are';
  const end = `${count(syncs.length, 'RSync')} of ${cluster} ${dryRun ? 'would be' : is} ${done}`;
  return [
    ...syncs.map(({ sync, before }) => `${sync}${before === undefined ? '' : `  was: ${before}`}`),
    ...(asked ? [] : ['The cluster does not answer: these are the RSyncs that were seen last']),
    syncs.length === 0 ? `Nothing changes: all that was found of ${cluster} is ${done}` : end,
  ];
}

/** Everything that is held; 2 where it is not known of a cluster. */
export async function showHolds(
  { ...query }: { readonly image?: string; readonly cluster?: string },
  { api, terminal }: Pick<VerbDeps, 'api' | 'terminal'>,
): Promise<ExitCode> {
  const found = await readHolds(api, query);
  terminal.show(viewHolds(found));
  return found.unread === undefined ? 0 : 2;
}
