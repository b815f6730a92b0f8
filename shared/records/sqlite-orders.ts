import { randomUUID } from 'node:crypto';
import type { SQLOutputValue } from 'node:sqlite';
import type { ClusterOrders, Orders } from './orders.ts';
import { listOrders, readOrders, writeOrders } from './orders-schema.ts';
import { openRecordsFile } from './sqlite-file.ts';

const TABLE = `
  CREATE TABLE IF NOT EXISTS orders (
    cluster TEXT PRIMARY KEY,
    revision TEXT NOT NULL,
    orders TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

const INSERT = 'INSERT INTO orders VALUES (?, ?, ?) ON CONFLICT DO NOTHING';
const UPDATE = 'UPDATE orders SET revision = ?, orders = ? WHERE cluster = ? AND revision = ?';
const DELETE = 'DELETE FROM orders WHERE cluster = ? AND revision = ?';

/**
 * Orders in the SQLite file of the records. Throws `store-unavailable`.
 *
 * @example
 * const { orders } = await openSqliteOrders({ path: '/var/lib/countersign/records.sqlite' }).read('cluster-1');
 */
export function openSqliteOrders({ path }: { readonly path: string }): Orders {
  const { run, close } = openRecordsFile(path, TABLE);
  return {
    read: (cluster) =>
      run(({ prepare }) => {
        const row = prepare('SELECT * FROM orders WHERE cluster = ?').get(cluster);
        return row === undefined ? { cluster, orders: [] } : ordersOf(row);
      }),
    list: () =>
      run(({ prepare }) => {
        const rows = prepare('SELECT * FROM orders ORDER BY cluster').all();
        return rows.map((row) => listOrders(String(row['cluster']), () => ordersOf(row)));
      }),
    async replace(orders, { cluster, revision }) {
      const text = writeOrders(orders, cluster);
      return run(({ prepare }) => {
        if (orders.length === 0) {
          // What is not in place need not be removed; where something came since, another was faster.
          if (revision !== undefined) return prepare(DELETE).run(cluster, revision).changes > 0;
          return prepare('SELECT 1 FROM orders WHERE cluster = ?').get(cluster) === undefined;
        }
        const { changes } =
          revision === undefined
            ? prepare(INSERT).run(cluster, randomUUID(), text)
            : prepare(UPDATE).run(randomUUID(), text, cluster, revision);
        return changes > 0;
      });
    },
    close: async () => close(),
  };
}

function ordersOf(row: Readonly<Record<string, SQLOutputValue>>): ClusterOrders {
  const cluster = String(row['cluster']);
  const orders = readOrders(String(row['orders']), cluster);
  return { cluster, orders, revision: String(row['revision']) };
}
