import { hash } from 'node:crypto';
import type { StatusEvent } from './events.ts';

/**
 * `ce-id`: the same for a retry, another one for a later episode (DESIGN section 8). What is hashed tells one episode
 * from the next: the record that the event replaces, or the message, task or sweep that led to it.
 */
export function eventIdOf(event: StatusEvent): string {
  const { data } = event;
  const identity = {
    type: event.type,
    image: 'image' in data ? data.image : undefined,
    digest: 'digest' in data ? data.digest : undefined,
    cluster: 'cluster' in data ? data.cluster : undefined,
    uid: 'uid' in event ? event.uid : undefined,
    replaced: 'replaced' in event ? withoutFailure(event.replaced) : undefined,
    cause: 'cause' in event ? event.cause : undefined,
    id: 'id' in data ? data.id : undefined,
    hashes: 'hashes' in data ? data.hashes : undefined,
  };
  return hash('sha256', canonicalJson(identity));
}

/**
 * The record without its open failure: that one is marked before the failure is told, and the same transition must not
 * have one id before the mark and another one after it.
 */
function withoutFailure(replaced: object | undefined): object | undefined {
  return replaced === undefined ? undefined : { ...replaced, failure: undefined };
}

/** JSON with the keys of every object sorted and absent values left out, so that equal values have equal text. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
