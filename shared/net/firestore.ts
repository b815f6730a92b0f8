import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import { GoogleFailure, askGoogle, trustsOrigin } from './google-rest.ts';
import { type RetryLimits, createRetry } from './retry.ts';

/** A document as Firestore's REST API (v1) answers it. Its fields are what Countersign wrote, or others. */
export const Document = z.object({
  /** `projects/…/databases/…/documents/<path>`. */
  name: z.string(),
  fields: z.record(z.string(), z.unknown()).default({}),
  updateTime: z.string(),
});

export type Document = z.infer<typeof Document>;

const BatchGetAnswer = z.lazy(() =>
  z.array(z.object({ found: Document.exactOptional(), missing: z.string().exactOptional() })),
);

/** An element without a document has the time, or how far it got. */
const QueryAnswer = z.lazy(() => z.array(z.object({ document: Document.exactOptional() })));

/** One aggregation, under the alias in the request; without documents there is one as well. */
const CountAnswer = z.lazy(() =>
  z
    .tuple([
      z.object({
        result: z.object({
          aggregateFields: z.object({
            count: z.object({ integerValue: z.string().regex(/^[0-9]{1,9}$/) }),
          }),
        }),
      }),
    ])
    .transform(([{ result }]) => Number(result.aggregateFields.count.integerValue)),
);

const CommitAnswer = z.lazy(() =>
  z
    .object({
      writeResults: z.array(z.object({ updateTime: z.string().exactOptional() })).default([]),
    })
    .transform(({ writeResults }) => writeResults.map(({ updateTime }) => updateTime)),
);

/** A value as Firestore's JSON has it: one key, which names the type. */
export type Value = Readonly<Record<string, unknown>>;
type Fields = Readonly<Record<string, Value>>;

/** What must be so of the document in place, or else another's write would be lost. */
export type Precondition = { readonly updateTime: string } | { readonly exists: boolean };

export type Write =
  | {
      readonly set: string;
      readonly fields: Fields;
      readonly when?: Precondition;
      /** A field that gets the time of the commit, by Firestore's clock. */
      readonly stamp?: string;
    }
  /** Sets the fields of `mask` only, and removes those of them that `fields` has not; others write theirs meanwhile. */
  | {
      readonly merge: string;
      readonly fields: Fields;
      readonly mask: readonly string[];
      readonly when?: Precondition;
    }
  | { readonly delete: string; readonly when?: Precondition };

/** Of each write, the time that a later precondition may name; a deletion has none. */
export type Committed = readonly (string | undefined)[];

export interface Condition {
  readonly field: string;
  readonly op: string;
  readonly value: Value;
}

export interface Query {
  readonly collection: string;
  /** All of them. Conditions on one field are answered by its single-field index. */
  readonly where?: readonly Condition[];
  /** One field, or `__name__`: what single-field indexes answer (docs/store.md). */
  readonly orderBy: string;
  /** From the largest value on. */
  readonly descending?: boolean;
  /** A value of that field as it was read, whatever it is. */
  readonly after?: unknown;
  /** A document's name: of those that have the value `after`, which are many, only the ones behind it. */
  readonly afterName?: string | undefined;
  /** Fields to read; absent: all. */
  readonly select?: readonly string[];
  readonly limit: number;
}

/** Documents by their path below the database's root, `clusters/<id>`. */
export interface Documents {
  /** Those of `paths` that exist, by path; of their fields only `mask`, where there is one. */
  get(paths: readonly string[], mask?: readonly string[]): Promise<ReadonlyMap<string, Document>>;
  query(query: Query): Promise<readonly Document[]>;
  /** How many there are, or meet a condition: one read is billed for a thousand of them. */
  count(collection: string, where?: Condition): Promise<number>;
  /** All or nothing. Undefined: a precondition was not met. */
  commit(writes: readonly Write[]): Promise<Committed | undefined>;
}

export interface FirestoreDeps {
  readonly fetch: typeof fetch;
  readonly project: string;
  readonly database: string;
  /** An access token that is valid now; asked for before each attempt. */
  readonly googleToken: () => Promise<string>;
  /** `127.0.0.1:8087`: spoken to without TLS, and without a token. */
  readonly emulatorHost?: string;
  /** Where the config names the database, for messages: `store.firestore`. */
  readonly setting: string;
  readonly limits?: RetryLimits;
}

/** Firestore itself answers within tens of milliseconds. */
export const FIRESTORE_LIMITS: RetryLimits = {
  attemptMs: 10_000,
  wholeMs: 25_000,
  retries: 4,
  backoffMs: 100,
};

/** The largest answer that is read: room for one request's worth of documents, in base64. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** The token goes here and nowhere else (law 9). */
const ENDPOINT = 'https://firestore.googleapis.com';

/**
 * The documents of one database, by plain REST: the client library takes a third of a second to load
 * (docs/facts/google-cloud.md#firestore). Throttled, failed and aborted attempts are repeated: all that is written may
 * be written twice. Throws `store-unavailable`.
 *
 * @example
 * const documents = createDocuments({ fetch, project: 'acme', database: 'countersign', googleToken, setting: 'store.firestore' });
 * const found = await documents.get(['clusters/0a1b']);
 */
export function createDocuments(deps: FirestoreDeps): Documents {
  const { fetch, project, database, googleToken, emulatorHost, setting } = deps;
  const root = `projects/${project}/databases/${database}/documents`;
  const prefix = `${root}/`;
  const origin = emulatorHost === undefined ? ENDPOINT : `http://${emulatorHost}`;
  const identity =
    emulatorHost === undefined ? { googleToken, trusts: trustsOrigin(ENDPOINT) } : undefined;
  const repeat = createRetry(deps.limits ?? FIRESTORE_LIMITS, {
    helps: (error) => error instanceof GoogleFailure && error.retry,
    late: (cause) => new Error('it did not answer in time', { cause }),
  });

  async function call<T>(method: string, body: object, schema: z.ZodType<T>): Promise<T> {
    const url = new URL(`${origin}/v1/${root}:${method}`);
    try {
      return await repeat(async (signal) => {
        const ask = { url, body, signal, maxBytes: MAX_ANSWER_BYTES };
        return schema.parse(await askGoogle(ask, { fetch, identity }));
      });
    } catch (error) {
      throw unavailable(error, setting);
    }
  }

  function encode(write: Write): object {
    if ('merge' in write) {
      const { merge, fields, mask: fieldPaths, when } = write;
      const update = { name: prefix + merge, fields };
      return defined({ update, updateMask: { fieldPaths }, currentDocument: when });
    }
    if ('delete' in write) {
      return defined({ delete: prefix + write.delete, currentDocument: write.when });
    }
    const { set, fields, when, stamp } = write;
    const stamps = stamp && [{ fieldPath: stamp, setToServerValue: 'REQUEST_TIME' }];
    const update = { name: prefix + set, fields };
    return defined({ update, updateTransforms: stamps, currentDocument: when });
  }

  return {
    async get(paths, mask) {
      const documents = paths.map((path) => prefix + path);
      const request = defined({ documents, mask: mask && { fieldPaths: mask } });
      const answer = await call('batchGet', request, BatchGetAnswer);
      const found = answer.flatMap((element) => element.found ?? []);
      return new Map(found.map((document) => [document.name.slice(prefix.length), document]));
    },
    async query({ collection, where, orderBy, descending, after, afterName, select, limit }) {
      const direction = descending === true ? 'DESCENDING' : undefined;
      const order = [orderBy, ...(afterName === undefined ? [] : ['__name__'])];
      const name = afterName === undefined ? [] : [{ referenceValue: afterName }];
      const structuredQuery = defined({
        from: [{ collectionId: collection }],
        where: where && filterOf(...where),
        orderBy: order.map((fieldPath) => defined({ field: { fieldPath }, direction })),
        startAt: after === undefined ? undefined : { values: [after, ...name], before: false },
        select: select && { fields: select.map((fieldPath) => ({ fieldPath })) },
        limit,
      });
      const answer = await call('runQuery', { structuredQuery }, QueryAnswer);
      return answer.flatMap(({ document }) => document ?? []);
    },
    count(collection, where) {
      const from = [{ collectionId: collection }];
      const structuredQuery = defined({ from, where: where && filterOf(where) });
      const aggregations = [{ alias: 'count', count: {} }];
      const structuredAggregationQuery = { structuredQuery, aggregations };
      return call('runAggregationQuery', { structuredAggregationQuery }, CountAnswer);
    },
    async commit(writes) {
      try {
        return await call('commit', { writes: writes.map(encode) }, CommitAnswer);
      } catch (error) {
        if (isConflict(toFailure(error))) return undefined;
        throw error;
      }
    },
  };
}

function filterOf(...conditions: readonly Condition[]): object {
  const filters = conditions.map(({ field, op, value }) => ({
    fieldFilter: { field: { fieldPath: field }, op, value },
  }));
  const [only] = filters;
  return filters.length === 1 && only ? only : { compositeFilter: { op: 'AND', filters } };
}

/** Another writer was faster: what was written depended on what has changed since. */
function isConflict({ cause }: CountersignError): boolean {
  const status = cause instanceof GoogleFailure ? cause.status : undefined;
  return status === 'FAILED_PRECONDITION' || status === 'ALREADY_EXISTS';
}

/** `store-unavailable` for whatever went wrong. A retry may help: a permission may be granted meanwhile. */
function unavailable(cause: unknown, setting: string): CountersignError {
  const fixes: Readonly<Record<number, string>> = {
    403: 'grant roles/datastore.user on the database, the function api roles/datastore.viewer',
    404: `create the database that ${setting} names`,
  };
  const why = cause instanceof Error ? cause.message : 'unknown failure';
  const fix =
    cause instanceof GoogleFailure ? (cause.enable ?? fixes[cause.httpStatus ?? 0]) : undefined;
  const message = ['The Firestore store failed: ' + why, fix ?? []].flat().join('; ');
  return new CountersignError('store-unavailable', message, { cause });
}
