import { CountersignError } from '#shared/core/errors.ts';
import type { ClusterOrders, Orders } from '#shared/records/orders.ts';
import { listOrders, readOrders, writeOrders } from '#shared/records/orders-schema.ts';

export interface MemoryOrders {
  /** Handles on the same orders. */
  open(): Orders;
  /** What is in place, as text, by cluster: for tests that damage it. */
  readonly texts: Map<string, { text: string; revision: string }>;
  /** From now on each call fails. */
  fail(): void;
}

/** Orders in memory, for tests of what uses them. */
export function createMemoryOrders(): MemoryOrders {
  const texts = new Map<string, { text: string; revision: string }>();
  let failing = false;
  let writes = 0;

  function check(): void {
    if (failing) throw new CountersignError('store-unavailable', 'The orders are out of reach');
  }

  function read(cluster: string): ClusterOrders {
    check();
    const found = texts.get(cluster);
    if (found === undefined) return { cluster, orders: [] };
    return { cluster, orders: readOrders(found.text, cluster), revision: found.revision };
  }

  return {
    texts,
    fail: () => void (failing = true),
    open: () => ({
      read: async (cluster) => read(cluster),
      list: async () => {
        check();
        return [...texts.keys()].toSorted().map((name) => listOrders(name, () => read(name)));
      },
      replace: async (orders, { cluster, revision }) => {
        const text = writeOrders(orders, cluster);
        check();
        if (texts.get(cluster)?.revision !== revision) return false;
        if (orders.length === 0) texts.delete(cluster);
        else texts.set(cluster, { text, revision: `${(writes += 1)}` });
        return true;
      },
      close: () => Promise.resolve(),
    }),
  };
}
