import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { CountersignError } from '#shared/core/errors.ts';
import { ANSWER_TTL_MS, MAX_ANSWERS } from '../limits.ts';

export interface Answers<Answer> {
  /**
   * Answers `request` once for each id; a failure is not remembered. Throws `bad-request` where the id stands for
   * another request, and what `answer` throws.
   */
  once(id: string, request: unknown, answer: () => Promise<Answer>): Promise<Answer>;
}

/**
 * Remembers answers in this instance. Another instance answers anew, with the same id: the tasks are harmless twice
 * (law 1), and the event has the same `ce-id`.
 */
export function rememberAnswers<Answer>(): Answers<Answer> {
  const known = new LRUCache<
    string,
    { readonly request: string; readonly answer: Promise<Answer> }
  >({
    max: MAX_ANSWERS,
    ttl: ANSWER_TTL_MS,
  });
  return {
    once(id, body, answer) {
      const request = JSON.stringify(body);
      const last = known.get(id);
      if (last !== undefined && last.request === request) return last.answer;
      if (last !== undefined) {
        const message = 'header.idempotency-key: was used for another request';
        return Promise.reject(new CountersignError('bad-request', message));
      }
      const mine = { request, answer: answer() };
      known.set(id, mine);
      mine.answer.catch(() => known.delete(id));
      return mine.answer;
    },
  };
}

/** The id of a resync that a caller sends under a key of their own: the same for the same caller and key. */
export function idOfKey(person: string, key: string): string {
  return createHash('sha256')
    .update(JSON.stringify([person, key]))
    .digest('hex')
    .slice(0, 32);
}
