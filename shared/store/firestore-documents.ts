import { isConflict } from './firestore-failure.ts';
import type { FirestoreRest } from './firestore-rest.ts';
import {
  BatchGetAnswer,
  CommitAnswer,
  CountAnswer,
  type Document,
  QueryAnswer,
} from './firestore-schema.ts';

/** A value as Firestore's JSON has it: one key, which names the type. */
export type Value = Readonly<Record<string, unknown>>;
export type Fields = Readonly<Record<string, Value>>;

/** What must hold of the document in place, lest another's write be lost. */
export type Precondition = { readonly updateTime: string } | { readonly exists: boolean };

export type Write =
  | { readonly set: string; readonly fields: Fields; readonly when?: Precondition }
  | { readonly delete: string; readonly when?: Precondition };

export interface Condition {
  readonly field: string;
  readonly op: string;
  readonly value: Value;
}

export interface Query {
  readonly collection: string;
  readonly where?: Condition;
  /** One field, or `__name__`: what single-field indexes answer (docs/store.md). */
  readonly orderBy: string;
  /** A value of that field as it was read, whatever it is. */
  readonly after?: unknown;
  /** Fields to read; absent: all. */
  readonly select?: readonly string[];
  readonly limit: number;
}

/** Documents by their path below the database's root, `clusters/<id>`. */
export interface Documents {
  /** Those of `paths` that exist, by path; of their fields only `mask`, where there is one. */
  get(paths: readonly string[], mask?: readonly string[]): Promise<ReadonlyMap<string, Document>>;
  query(query: Query): Promise<readonly Document[]>;
  /** How many a condition holds for: one read is billed for a thousand of them. */
  count(collection: string, where: Condition): Promise<number>;
  /** All or nothing. False: a precondition did not hold. */
  commit(writes: readonly Write[]): Promise<boolean>;
}

export function createDocuments(rest: FirestoreRest): Documents {
  const prefix = `${rest.root}/`;

  function encode(write: Write): object {
    const when = write.when === undefined ? {} : { currentDocument: write.when };
    if ('delete' in write) return { delete: prefix + write.delete, ...when };
    return { update: { name: prefix + write.set, fields: write.fields }, ...when };
  }

  return {
    async get(paths, mask) {
      const documents = paths.map((path) => prefix + path);
      const masked = mask === undefined ? {} : { mask: { fieldPaths: mask } };
      const answer = await rest.call('batchGet', { documents, ...masked }, BatchGetAnswer);
      const found = answer.flatMap((element) => (element.found ? [element.found] : []));
      return new Map(found.map((document) => [document.name.slice(prefix.length), document]));
    },
    async query({ collection, where, orderBy, after, select, limit }) {
      const structuredQuery = {
        from: [{ collectionId: collection }],
        ...(where && { where: filterOf(where) }),
        orderBy: [{ field: { fieldPath: orderBy } }],
        ...(after !== undefined && { startAt: { values: [after], before: false } }),
        ...(select && { select: { fields: select.map((fieldPath) => ({ fieldPath })) } }),
        limit,
      };
      const answer = await rest.call('runQuery', { structuredQuery }, QueryAnswer);
      return answer.flatMap(({ document }) => (document ? [document] : []));
    },
    count(collection, where) {
      const structuredQuery = {
        from: [{ collectionId: collection }],
        where: filterOf(where),
      };
      const aggregations = [{ alias: 'count', count: {} }];
      const structuredAggregationQuery = { structuredQuery, aggregations };
      return rest.call('runAggregationQuery', { structuredAggregationQuery }, CountAnswer);
    },
    async commit(writes) {
      try {
        await rest.call('commit', { writes: writes.map(encode) }, CommitAnswer);
        return true;
      } catch (error) {
        if (isConflict(error)) return false;
        throw error;
      }
    },
  };
}

function filterOf({ field, op, value }: Condition): object {
  return { fieldFilter: { field: { fieldPath: field }, op, value } };
}
