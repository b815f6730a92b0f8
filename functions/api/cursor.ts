import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import { MAX_IMAGE } from './limits.ts';

/** The name that a page ends with, and where it ends within that, if not behind the whole of it. */
export type Place = readonly [string] | readonly [name: string, within: string];

const Name = z.string().max(MAX_IMAGE);
const Parts = z.union([z.tuple([Name]), z.tuple([Name, Name])]);

/** Opaque to callers, who keep it from one call to the next; it names places, and grants nothing. */
export function formatCursor(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** Throws `bad-request`. */
export function parseCursor(text: string): Place {
  try {
    return Parts.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
  } catch (cause) {
    throw new CountersignError('bad-request', 'query.cursor: is not a cursor of this API', {
      cause,
    });
  }
}
