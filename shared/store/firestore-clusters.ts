import * as z from 'zod';
import type { Committed, Condition, Document, Value, Write } from '#shared/net/firestore.ts';
import { WRITTEN_AT, createFleetReader } from './firestore-fleet.ts';
import { findNames, mendNames, nameWriteOf, nameWrites } from './firestore-names.ts';
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
import type { ClusterRecord, Followers, Store } from './store.ts';

/** Clusters in one answer: with `MAX_INLINE_BYTES` of base64 each, about 9 MiB. */
const LIST_PAGE = 100;

/** Names in one answer, each some 300 bytes: about 0.6 MiB. */
const NAMES_PAGE = 2_000;

/** How long names stay wrong that were lost: pushes search for followers until then, by a read for each cluster. */
export const MEND_AFTER_MS = 15 * 60_000;

const CLUSTERS = 'clusters';
const NameFields = z.object({ cluster: Text });
const HEAD = ['parts', 'reconciledAt', 'edition'];
const RECONCILED: Condition = {
  field: 'reconciled',
  op: 'EQUAL',
  value: { booleanValue: true },
};

/** The document that a record was read from or written to. */
type Place = Pick<Head, 'parts'> & { readonly updateTime: string };

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
): Pick<
  Store,
  | 'readCluster'
  | 'writeCluster'
  | 'deleteCluster'
  | 'listClusters'
  | 'everyCluster'
  | 'mend'
  | 'followers'
> {
  const { documents, now } = deps;
  /** Of records that this process has read or written: such a one is replaced without another look at its document. */
  const places = new WeakMap<ClusterRecord, Place>();
  let mendedAt = -Infinity;
  const fleet = createFleetReader({ documents, now, collection: CLUSTERS, all, read: readFrom });

  function read(cluster: string, atHand?: Document): Promise<ClusterRecord | undefined> {
    const place = { path: pathOf(cluster), table: CLUSTERS, key: cluster };
    return readStored(deps, place, StoredCluster, {
      atHand,
      isOwn: (record) => record.cluster === cluster,
      onRead: (record, { parts, document: { updateTime } }) =>
        places.set(record, { parts, updateTime }),
    });
  }

  /** Of another's making, a document may have any name. */
  async function readFrom(document: Document): Promise<ClusterRecord | undefined> {
    const { data } = NameFields.safeParse(document.fields);
    if (data === undefined || !document.name.endsWith(`/${pathOf(data.cluster)}`)) return undefined;
    return read(data.cluster, document);
  }

  async function* all(): AsyncGenerator<Document, void> {
    for (let last: unknown = { stringValue: '' }; ; ) {
      const query = { collection: CLUSTERS, orderBy: 'cluster', after: last, limit: LIST_PAGE };
      const page = await documents.query(query);
      yield* page;
      last = page.at(-1)?.fields['cluster'];
      if (page.length < LIST_PAGE) return;
    }
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

  /** As `names` found them, by a read for each: where the names are not, or not all, in place. */
  async function searchFollowers(repository: string): Promise<Followers> {
    // In this order: what begins to follow in between is missing from `known`, and so is tasked all the same.
    const known = await names(RECONCILED);
    return { known, following: await names(followersOf(repository)) };
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
      const expireAt = new Date(now().getTime() + CLUSTER_KEPT_MS);
      const envelope = { path, fields, expireAt, stamp: WRITTEN_AT };

      async function commit(writes: readonly Write[]): Promise<Committed | undefined> {
        const times = await documents.commit(writes);
        const [updateTime] = times ?? [];
        const parts = packed.pieces.length - 1;
        if (updateTime !== undefined) places.set(record, { parts, updateTime });
        return times;
      }

      if (condition !== undefined) {
        const { over } = condition;
        const place = over && places.get(over);
        if (over === undefined || place !== undefined) {
          const when = place ? { updateTime: place.updateTime } : { exists: false };
          const writes = writesOf(packed, { ...envelope, when }, place?.parts ?? 0);
          const renamed = nameWrites(cluster, over, record);
          if ((await commit([...writes, ...renamed])) !== undefined) return true;
        }
      }
      const write = async (head: Head | undefined): Promise<readonly Write[] | undefined> => {
        if (!(await mayReplace(head, record, condition))) return undefined;
        const writes = writesOf(packed, { ...envelope, when: unchanged(head) }, head?.parts ?? 0);
        return [...writes, nameWriteOf(cluster, record)];
      };
      return replaceRecord({ ...documents, commit }, path, write, HEAD);
    },
    async deleteCluster(cluster) {
      const path = pathOf(cluster);
      const remove = async (head: Head | undefined): Promise<readonly Write[] | undefined> =>
        head && [
          { delete: path, when: unchanged(head) },
          ...deletesOf(path, 0, head.parts),
          nameWriteOf(cluster, undefined),
        ];
      await replaceRecord(documents, path, remove, HEAD);
      fleet.forget(path);
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
          const record = await readFrom(document);
          if (record !== undefined) records.push(record);
        }
        if (page.length < asked) break;
      }
      return records;
    },
    everyCluster: () => fleet.every(),
    async mend() {
      const time = now().getTime();
      if (time < mendedAt + MEND_AFTER_MS) return;
      await mendNames(documents, () => fleet.every());
      mendedAt = time;
    },
    async followers(repository) {
      const [{ known, following, some }, count] = await Promise.all([
        findNames(documents, repository),
        documents.count(CLUSTERS, RECONCILED),
      ]);
      // A store that an earlier version wrote has fewer names than clusters, until a sweep has mended them.
      if (known.size !== count) return searchFollowers(repository);
      return some
        ? { known, following: await names(followersOf(repository)) }
        : { known, following };
    },
  };
}

function followersOf(repository: string): Condition {
  return { field: 'follows', op: 'ARRAY_CONTAINS', value: { stringValue: repository } };
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
