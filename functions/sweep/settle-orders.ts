import { toFailure } from '#shared/core/errors.ts';
import { type HoldOrder, SKEW_MS } from '#shared/core/hold.ts';
import type { ImageDeps } from '#shared/reconcile/deps.ts';
import type { Snapshot } from '#shared/reconcile/snapshot.ts';
import type { ClusterOrders, Orders } from '#shared/records/orders.ts';
import type { ClusterRecord } from '#shared/store/store.ts';
import type { Fault } from './sweep-rollouts.ts';

/**
 * Takes away the orders that stand on their RSyncs, as the last look found them, and those whose RSync or cluster is gone:
 * what a person does by hand afterwards is not undone. One that another writer changed meanwhile waits for the next sweep.
 * Returns what failed, which stops no sweep, and of one cluster no other.
 */
export async function settleOrders(
  { members, records, partial }: Snapshot,
  orders: Orders | undefined,
  { log }: Pick<ImageDeps, 'log'>,
): Promise<readonly Fault[]> {
  if (orders === undefined) return [];
  const present = new Set(members.map(({ name }) => name));
  const faults: Fault[] = [];

  function note(error: unknown): void {
    const { code, message } = toFailure(error);
    log.warn({ error }, 'Ordered holds could not be settled');
    faults.push({ code, message: `Ordered holds: ${message}` });
  }

  try {
    for (const found of await orders.list()) {
      if ('failure' in found) {
        note(found.failure);
        continue;
      }
      const { cluster } = found;
      const left = present.has(cluster) || partial === true ? remaining(found, records) : [];
      if (left.length === found.orders.length) continue;
      const settled = found.orders.length - left.length;
      if (await orders.replace(left, found)) {
        log.info({ cluster, settled }, 'Holds are as ordered');
      }
    }
  } catch (error) {
    note(error);
  }
  return faults;
}

function remaining(
  { cluster, orders }: ClusterOrders,
  records: Snapshot['records'],
): readonly HoldOrder[] {
  const record = records.get(cluster);
  return orders.filter((order) => !isSettled(order, record));
}

function isSettled(order: HoldOrder, record: ClusterRecord | undefined): boolean {
  if (record?.reconciledAt === undefined) return false;
  const row = record.syncs.find(({ sync }) => sync === order.sync);
  if (row !== undefined) return row.order === order.request;
  // What a look does not find that began so long after an order is gone.
  return Date.parse(record.reconciledAt) - Date.parse(order.at) >= SKEW_MS;
}
