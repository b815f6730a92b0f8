import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import { MAX_NAME } from '../limits.ts';

/** The last row of a page: the next one begins behind it. Without `sync`: behind the whole cluster. */
export interface Position {
  readonly cluster: string;
  readonly sync?: string;
}

const Parts = z.union([
  z.tuple([z.string().max(MAX_NAME)]),
  z.tuple([z.string().max(MAX_NAME), z.string().max(MAX_NAME)]),
]);

/** Opaque to callers, who hold it from one call to the next; it names places, and grants nothing. */
export function formatCursor({ cluster, sync }: Position): string {
  const parts = sync === undefined ? [cluster] : [cluster, sync];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** Throws `bad-request`. */
export function parseCursor(text: string): Position {
  try {
    const json: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    const [cluster, sync] = Parts.parse(json);
    return sync === undefined ? { cluster } : { cluster, sync };
  } catch (cause) {
    throw new CountersignError('bad-request', 'query.cursor: is not a cursor of ours', { cause });
  }
}
