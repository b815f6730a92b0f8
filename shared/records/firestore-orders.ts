import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type Document, createDocuments } from '#shared/net/firestore.ts';
import type { FirestoreRecordsOptions } from './firestore-records.ts';
import type { ClusterOrders, Orders, UnreadOrders } from './orders.ts';
import { listOrders, readOrders, writeOrders } from './orders-schema.ts';
import { replaceDocument, TextField } from './replace-document.ts';

/** One document for each cluster that has orders. */
const ORDERS = 'orders';

/** Documents in one answer: of five hundred orders each, below what is read. */
const PAGE = 10;

const Named = z.object({ cluster: TextField });
const Ordered = z.object({ cluster: TextField, orders: TextField });

/**
 * Orders in the Firestore database of the records. Throws `store-unavailable`.
 *
 * @example
 * const orders = openFirestoreOrders({ fetch, project: 'acme', database: 'countersign-records', googleToken });
 */
export function openFirestoreOrders(options: FirestoreRecordsOptions): Orders {
  const documents = createDocuments({ ...options, setting: 'records.firestore' });

  async function find(cluster: string): Promise<Document | undefined> {
    const path = pathOf(cluster);
    return (await documents.get([path])).get(path);
  }

  return {
    async read(cluster) {
      const document = await find(cluster);
      return document === undefined ? { cluster, orders: [] } : ordersOf(cluster, document);
    },
    async list() {
      const all: (ClusterOrders | UnreadOrders)[] = [];
      for (let after: unknown; ; ) {
        const page = await documents.query({
          collection: ORDERS,
          orderBy: '__name__',
          ...(after === undefined ? {} : { after }),
          limit: PAGE,
        });
        for (const document of page) {
          const { data } = Named.safeParse(document.fields);
          // Of another's making, a document may be anywhere: it is no cluster's then.
          if (data === undefined || !document.name.endsWith(`/${pathOf(data.cluster)}`)) continue;
          const { cluster } = data;
          all.push(listOrders(cluster, () => ordersOf(cluster, document)));
        }
        const last = page.at(-1);
        if (last === undefined || page.length < PAGE) break;
        after = { referenceValue: last.name };
      }
      return all.toSorted((a, b) => (a.cluster < b.cluster ? -1 : 1));
    },
    async replace(orders, { cluster, revision }) {
      const path = pathOf(cluster);
      const text = writeOrders(orders, cluster);
      if (orders.length === 0) {
        if (revision === undefined) return (await find(cluster)) === undefined;
        const writes = [{ delete: path, when: { updateTime: revision } }];
        if ((await documents.commit(writes)) !== undefined) return true;
        // Where the answer of an attempt was lost, the next one finds nothing.
        return (await find(cluster)) === undefined;
      }
      const fields = { cluster: { stringValue: cluster }, orders: { stringValue: text } };
      return replaceDocument(documents, { set: path, fields }, { revision });
    },
    // Nothing stays open: connections are those of the process.
    close: () => Promise.resolve(),
  };
}

/** An id that any cluster can have: document ids allow no slash. */
function pathOf(cluster: string): string {
  return `${ORDERS}/${createHash('sha256').update(cluster).digest('hex')}`;
}

function ordersOf(cluster: string, { fields, updateTime }: Document): ClusterOrders {
  const { data } = Ordered.safeParse(fields);
  const text = data?.cluster === cluster ? data.orders : '';
  return { cluster, orders: readOrders(text, cluster), revision: updateTime };
}
