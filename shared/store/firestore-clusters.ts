import { deletesOf, idOf, readText, writesOf } from './firestore-records.ts';
import type { Condition, Documents, Precondition, Value } from './firestore-documents.ts';
import { storeUnavailable } from './firestore-failure.ts';
import {
  CLUSTER_KEPT_MS,
  KNOWN_KEPT_MS,
  LIST_PAGE,
  MAX_CONFLICTS,
  NAMES_PAGE,
} from './firestore-limits.ts';
import { type Document, HeadFields, NameFields } from './firestore-schema.ts';
import { packRecord, revisionOf } from './pack-record.ts';
import { readRecord, writeRecord } from './record-text.ts';
import { StoredCluster } from './schema.ts';
import type { ClusterRecord, Store } from './store.ts';

export interface RecordDeps {
  readonly documents: Documents;
  readonly now: () => Date;
  /** Told of a record that cannot be read and counts as absent. */
  readonly onUnreadable: (row: { readonly table: string; readonly key: string }) => void;
}

export type ClusterStore = Pick<
  Store,
  'readCluster' | 'writeCluster' | 'deleteCluster' | 'listClusters' | 'followers'
>;

const CLUSTERS = 'clusters';
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

/** `again`: somebody changed the document meanwhile. */
type Attempt = 'done' | 'refused' | 'again';

/** What is known of the document in place, and what must still hold of it when it is replaced. */
interface Head {
  readonly parts: number;
  readonly reconciledAt: number | undefined;
  /** Hash of the record's text. */
  readonly edition: string | undefined;
  readonly when: Precondition;
}

/**
 * Clusters as documents: names and what they follow in fields that queries use, the record itself compressed.
 * Throws `store-unavailable`, or what the REST client throws.
 */
export function createClusterStore({ documents, now, onUnreadable }: RecordDeps): ClusterStore {
  let reconciled: Reconciled | undefined;

  async function read(cluster: string, atHand?: Document): Promise<ClusterRecord | undefined> {
    const found = await readText(documents, pathOf(cluster), atHand);
    if (found === undefined) return undefined;
    const record = readRecord(StoredCluster, found.text);
    if (record?.cluster === cluster) return record;
    onUnreadable({ table: CLUSTERS, key: cluster });
    return undefined;
  }

  async function readHead(path: string): Promise<Head | undefined> {
    const found = (await documents.get([path], HEAD)).get(path);
    if (found === undefined) return undefined;
    const { parts, reconciledAt, edition } = HeadFields.parse(found.fields);
    return { parts, reconciledAt, edition, when: { updateTime: found.updateTime } };
  }

  /** Calls `attempt` with the document in place until nobody has changed it meanwhile. */
  async function settle(
    path: string,
    attempt: (head: Head | undefined) => Promise<Attempt>,
  ): Promise<boolean> {
    for (let count = 0; count < MAX_CONFLICTS; count += 1) {
      const result = await attempt(await readHead(path));
      if (result !== 'again') return result === 'done';
    }
    throw storeUnavailable(new Error(`others replaced ${path} ${MAX_CONFLICTS} times meanwhile`));
  }

  /** Names of the clusters that a condition holds for, page by page; their rows stay where they are. */
  async function names(where: Condition): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    for (let after: unknown; ; ) {
      const page = await documents.query({
        collection: CLUSTERS,
        where,
        orderBy: '__name__',
        ...(after === undefined ? {} : { after }),
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
    readCluster: read,
    async writeCluster(record, condition) {
      const { cluster } = record;
      const text = writeRecord(StoredCluster, record);
      const packed = await packRecord(text, `Record of cluster ${JSON.stringify(cluster)}`);
      const path = pathOf(cluster);
      const fields = { ...fieldsOf(record), edition: { stringValue: editionOf(text) } };
      return settle(path, async (head) => {
        if (!(await mayReplace(head, record, condition))) return 'refused';
        const expireAt = new Date(now().getTime() + CLUSTER_KEPT_MS);
        const [own, ...rest] = writesOf(packed, { path, fields, expireAt }, head?.parts ?? 0);
        if (own === undefined) return 'done';
        const writes = [{ ...own, when: head?.when ?? { exists: false } }, ...rest];
        return (await documents.commit(writes)) ? 'done' : 'again';
      });
    },
    async deleteCluster(cluster) {
      const path = pathOf(cluster);
      await settle(path, async (head) => {
        if (head === undefined) return 'done';
        const { parts, when } = head;
        const writes = [{ delete: path, when }, ...deletesOf(path, 0, parts)];
        return (await documents.commit(writes)) ? 'done' : 'again';
      });
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

/** Before its first completed reconcile a cluster follows nothing that we know of. */
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
