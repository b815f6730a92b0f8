import * as z from 'zod';
import type { Condition, Document, Value, Write } from '#shared/net/firestore.ts';
import {
  CLUSTER_KEPT_MS,
  type Head,
  type RecordDeps,
  Text,
  deletesOf,
  idOf,
  packRecord,
  readStored,
  replaceRecord,
  revisionOf,
  unchanged,
  writesOf,
} from './firestore-records.ts';
import { StoredCluster, writeRecord } from './schema.ts';
import type { ClusterRecord, Store } from './store.ts';

/** Clusters in one answer: with `MAX_INLINE_BYTES` of base64 each, about 9 MiB. */
const LIST_PAGE = 100;

/** Names in one answer, each some 300 bytes: about 0.6 MiB. */
const NAMES_PAGE = 2_000;

/** How long the names of all clusters are used that were read for a push, while their number stays. */
export const KNOWN_KEPT_MS = 15 * 60_000;

const CLUSTERS = 'clusters';
const NameFields = z.object({ cluster: Text });
const HEAD = ['parts', 'reconciledAt', 'edition'];
const RECONCILED: Condition = {
  field: 'reconciled',
  op: 'EQUAL',
  value: { booleanValue: true },
};

interface Reconciled {
  readonly names: ReadonlySet<string>;
  /** How many documents there were, whatever their names. */
  readonly count: number;
  readonly readAt: number;
}

/**
 * Clusters as documents: names and what they follow in fields that queries use, the record itself compressed.
 * Throws `store-unavailable`, and `too-large` for a record that does not fit.
 *
 * @example
 * const clusters = createClusterStore({ documents, now, onUnreadable });
 * const record = await clusters.readCluster('edge-1');
 */
export function createClusterStore(
  deps: RecordDeps,
): Pick<Store, 'readCluster' | 'writeCluster' | 'deleteCluster' | 'listClusters' | 'followers'> {
  const { documents, now } = deps;
  let reconciled: Reconciled | undefined;

  function read(cluster: string, atHand?: Document): Promise<ClusterRecord | undefined> {
    const place = { path: pathOf(cluster), table: CLUSTERS, key: cluster };
    const isOwn = (record: ClusterRecord): boolean => record.cluster === cluster;
    return readStored(deps, place, StoredCluster, { atHand, isOwn });
  }

  /** Names of the clusters that meet a condition, page by page; their rows stay where they are. */
  async function names(where: Condition): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    for (let after: unknown; ; ) {
      const page = await documents.query({
        collection: CLUSTERS,
        where: [where],
        orderBy: '__name__',
        after,
        select: ['cluster'],
        limit: NAMES_PAGE,
      });
      for (const { fields } of page) {
        const { data } = NameFields.safeParse(fields);
        if (data !== undefined) found.add(data.cluster);
      }
      const last = page.at(-1);
      if (last === undefined || page.length < NAMES_PAGE) return found;
      after = { referenceValue: last.name };
    }
  }

  /**
   * Names of the clusters that have been reconciled, all of which Firestore would bill for each push: those read
   * lately, while there are as many. A store that was lost has another number; a cluster that took another's place is
   * not among them, and so is tasked all the same.
   */
  async function readKnown(): Promise<ReadonlySet<string>> {
    const time = now().getTime();
    const count = await documents.count(CLUSTERS, RECONCILED);
    if (reconciled?.count !== count || time >= reconciled.readAt + KNOWN_KEPT_MS) {
      reconciled = { names: await names(RECONCILED), count, readAt: time };
    }
    return reconciled.names;
  }

  async function mayReplace(
    head: Head | undefined,
    { cluster, reconciledAt }: ClusterRecord,
    condition: { readonly over: ClusterRecord | undefined } | undefined,
  ): Promise<boolean> {
    if (condition === undefined) {
      // A record without a start is older than any with one; equal starts are the same reconcile's later news.
      const startedAt = reconciledAt === undefined ? 0 : Date.parse(reconciledAt);
      return head?.reconciledAt === undefined || head.reconciledAt <= startedAt;
    }
    const { over } = condition;
    if (over !== undefined) return head?.edition === editionOf(writeRecord(StoredCluster, over));
    // What cannot be read counts as absent.
    return head === undefined || (await read(cluster)) === undefined;
  }

  return {
    readCluster: (cluster) => read(cluster),
    async writeCluster(record, condition) {
      const { cluster } = record;
      const text = writeRecord(StoredCluster, record);
      const packed = await packRecord(text, `Record of cluster ${JSON.stringify(cluster)}`);
      const path = pathOf(cluster);
      const fields = { ...fieldsOf(record), edition: { stringValue: editionOf(text) } };
      const write = async (head: Head | undefined): Promise<readonly Write[] | undefined> => {
        if (!(await mayReplace(head, record, condition))) return undefined;
        const expireAt = new Date(now().getTime() + CLUSTER_KEPT_MS);
        const envelope = { path, fields, expireAt, when: unchanged(head) };
        return writesOf(packed, envelope, head?.parts ?? 0);
      };
      return replaceRecord(documents, path, write, HEAD);
    },
    async deleteCluster(cluster) {
      const path = pathOf(cluster);
      const remove = async (head: Head | undefined): Promise<readonly Write[] | undefined> =>
        head && [{ delete: path, when: unchanged(head) }, ...deletesOf(path, 0, head.parts)];
      await replaceRecord(documents, path, remove, HEAD);
    },
    async listClusters({ after = '', limit }) {
      const records: ClusterRecord[] = [];
      // Unreadable documents are passed over, not counted: a short page means that there is no more.
      for (let last: unknown = { stringValue: after }; records.length < limit; ) {
        const asked = Math.min(LIST_PAGE, limit - records.length);
        const page = await documents.query({
          collection: CLUSTERS,
          orderBy: 'cluster',
          after: last,
          limit: asked,
        });
        for (const document of page) {
          last = document.fields['cluster'];
          const { data } = NameFields.safeParse(document.fields);
          // Of another's making, a document may have any name.
          if (data === undefined || !document.name.endsWith(`/${pathOf(data.cluster)}`)) continue;
          const record = await read(data.cluster, document);
          if (record !== undefined) records.push(record);
        }
        if (page.length < asked) break;
      }
      return records;
    },
    async followers(repository) {
      // In this order: what begins to follow in between is missing from `known`, and so is tasked all the same.
      const known = await readKnown();
      const following = await names({
        field: 'follows',
        op: 'ARRAY_CONTAINS',
        value: { stringValue: repository },
      });
      return { known, following };
    },
  };
}

function editionOf(text: string): string {
  return revisionOf(Buffer.from(text));
}

function pathOf(cluster: string): string {
  return `${CLUSTERS}/${idOf(cluster)}`;
}

/** Before its first completed reconcile a cluster follows nothing that is known. */
function fieldsOf({ cluster, reconciledAt, follows }: ClusterRecord): Record<string, Value> {
  const reconciled = reconciledAt !== undefined;
  const values = reconciled ? [...new Set(follows)].map((name) => ({ stringValue: name })) : [];
  return {
    cluster: { stringValue: cluster },
    follows: { arrayValue: { values } },
    reconciled: { booleanValue: reconciled },
    ...(reconciled && { reconciledAt: { timestampValue: new Date(reconciledAt).toISOString() } }),
  };
}
