import type { Refusal } from '#shared/http/cap-body.ts';
import type { Problem } from '#shared/http/problem.ts';
import { answerReview } from './answer.ts';
import { refuse } from './decision.ts';
import { readHead } from './read-review.ts';

/**
 * The answer to a review whose body is not read to its end: a review too, where its beginning says under which uid. It
 * is refused in mode warn as well, for nobody has looked at it.
 */
export function refuseBody({ status, detail }: Problem, head: Uint8Array): Refusal | undefined {
  const review = readHead(head, detail);
  if (review === undefined) return undefined;
  const decision = refuse(status === 429 ? 'overloaded' : 'unreadable', detail);
  const body = JSON.stringify(answerReview(review, decision, 'deny'));
  return { status: 200, contentType: 'application/json', body };
}
