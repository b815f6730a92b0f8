import { type CountersignError, type FailureCode, toFailure } from '#shared/core/errors.ts';
import type { Lanes } from '#shared/http/shed-load.ts';
import { LRUCache } from 'lru-cache';
import type { Found, Question } from './find-verdict.ts';
import type { GoodVerdicts } from './good-verdicts.ts';
import { FAILED_FOR_MS, FALL_BACK_AFTER_MS, MAX_FAILED, MAX_WAITING } from './limits.ts';

/** What is known of a question in time for its answer. */
export type Answer =
  /** `remembered`: nobody was asked. */
  | ({ readonly status: 'known'; readonly remembered?: true } & Found)
  /** It was good, and nobody can be asked now: `failure` says why. */
  | ({ readonly status: 'stale'; readonly failure: FailureCode | 'overloaded' } & Found)
  | { readonly status: 'failed'; readonly failure: CountersignError }
  | { readonly status: 'late' }
  | { readonly status: 'overloaded' };

export type Ask = (question: Question, deadlineMs: number) => Promise<Answer>;

export interface AskDeps {
  /** Throws where it could not be found out. */
  readonly find: (question: Question) => Promise<Found>;
  readonly good: GoodVerdicts;
  readonly lanes: Lanes;
  readonly now: () => Date;
  readonly onFailure: (question: Question, failure: CountersignError) => void;
  readonly maxWaiting?: number;
  readonly fallBackAfterMs?: number;
}

/** Outages, in which what was good before still counts; a lie, or a permission taken away, is none. */
const OUTAGES: ReadonlySet<FailureCode> = new Set([
  'registry-unavailable',
  'deadline-exceeded',
  'key-unavailable',
  'trust-root-unavailable',
]);

type Look = Answer & { readonly status: 'known' | 'failed' | 'overloaded' };

/**
 * Asks each question once, however many reviews ask it at the same time, and answers every one of them within its own
 * deadline: with what is known by then, with what was known before where the registry is out of reach, or with why
 * not. A look that nobody waits for any more goes on, for the next attempt to find its result.
 */
export function createAsk(deps: AskDeps): Ask {
  const { good, lanes, now, maxWaiting = MAX_WAITING } = deps;
  const { fallBackAfterMs = FALL_BACK_AFTER_MS } = deps;
  const underWay = new Map<string, Promise<Look>>();
  const failed = new LRUCache<string, { readonly look: Look; readonly until: number }>({
    max: MAX_FAILED,
  });
  let waiting = 0;

  async function look(key: string, question: Question): Promise<Look> {
    const { host } = question.announced.reference;
    try {
      const found = await lanes(host, () => deps.find(question));
      if (found === undefined) return { status: 'overloaded' };
      if (found.verdict.status === 'verified') good.remember(keyOf(question), found.verdict);
      return { status: 'known', ...found };
    } catch (error) {
      const failure = toFailure(error);
      deps.onFailure(question, failure);
      const answer: Look = { status: 'failed', failure };
      failed.set(key, { look: answer, until: now().getTime() + FAILED_FOR_MS });
      return answer;
    } finally {
      underWay.delete(key);
    }
  }

  function share(question: Question): Promise<Look> {
    // Where else to look for an index is part of the question, not of a good verdict.
    const { announced, hint } = question;
    const key = JSON.stringify([keyOf(question), announced.reference.tag ?? null, hint ?? null]);
    const recent = failed.get(key);
    if (recent !== undefined && recent.until > now().getTime()) return Promise.resolve(recent.look);
    const running = underWay.get(key);
    if (running !== undefined) return running;
    // Begins once it is listed, so that its end always finds it there.
    const begun = Promise.resolve().then(() => look(key, question));
    underWay.set(key, begun);
    return begun;
  }

  return async function ask(question, deadlineMs) {
    const known = good.recall(keyOf(question));
    // A tag may come to name something else: of a chart nothing is known without a look.
    if (known?.stale === false && question.announced.type === 'image') {
      const { digest } = question.announced;
      return { status: 'known', remembered: true, verdict: known.verdict, digest };
    }
    if (waiting >= maxWaiting) return fallBack({ status: 'overloaded' }, known?.verdict);
    waiting += 1;
    try {
      const patience = known === undefined ? deadlineMs : Math.min(deadlineMs, fallBackAfterMs);
      return fallBack(await within(patience, share(question)), known?.verdict);
    } finally {
      waiting -= 1;
    }
  };
}

/** What a good verdict is about: with another policy, it is another question. */
function keyOf({ announced, policy, taken }: Question): string {
  const { repository, digest: pinned, tag } = announced.reference;
  const dir = taken.type === 'oci' ? taken.dir : null;
  const asked =
    announced.type === 'chart'
      ? ['chart', repository, tag]
      : ['image', repository, announced.digest, pinned ?? null, dir];
  return JSON.stringify([...asked, policy.hash]);
}

function fallBack(answer: Answer, verdict: Found['verdict'] | undefined): Answer {
  if (verdict === undefined) return answer;
  if (answer.status === 'late') return { status: 'stale', verdict, failure: 'deadline-exceeded' };
  if (answer.status === 'overloaded') return { status: 'stale', verdict, failure: 'overloaded' };
  if (answer.status !== 'failed' || !OUTAGES.has(answer.failure.code)) return answer;
  return { status: 'stale', verdict, failure: answer.failure.code };
}

async function within(milliseconds: number, work: Promise<Look>): Promise<Answer> {
  const { promise: late, resolve } = Promise.withResolvers<Answer>();
  const timer = setTimeout(() => resolve({ status: 'late' }), milliseconds);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
