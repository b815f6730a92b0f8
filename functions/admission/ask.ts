import { LRUCache } from 'lru-cache';
import { type CountersignError, type FailureCode, toFailure } from '#shared/core/errors.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import type { Lanes } from '#shared/http/shed-load.ts';
import { createSingleFlight } from '#shared/net/single-flight.ts';
import { within } from '#shared/net/within.ts';
import type { Taken } from '#shared/core/content.ts';
import { defined } from '#shared/core/defined.ts';
import type { Digest } from '#shared/core/digest.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import type { BurstResolver } from '#shared/registry/burst.ts';
import type { Verifier } from '#shared/trust/verifier.ts';
import type { Announced } from './announcement.ts';

/** Where there is a good verdict to fall back on, a new look is waited for no longer than this. */
const FALL_BACK_AFTER_MS = 2_000;
/** A good verdict is the registry's word for this long: as long as the verifier keeps one (`shared/trust/verifier.ts`). */
const GOOD_FOR_MS = 60 * 60_000;
/** Good verdicts that are kept for an outage; each is a few hundred bytes. */
const MAX_GOOD = 10_000;
/** A registry that has just failed is not asked again by every review that waits at the door. */
const FAILED_FOR_MS = 1_000;
const MAX_FAILED = 1_000;
/** Reviews that wait for a look, over all registries; more are sent away at once. */
const MAX_WAITING = 2_000;

/** What is known of a question in time for its answer. */
export type Answer =
  /** `remembered`: no registry was asked. */
  | ({ readonly status: 'known'; readonly remembered?: true } & Found)
  /** It was good, and the registry cannot be asked now: `failure` says why. */
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

type Look = Extract<Answer, { status: 'known' | 'failed' | 'overloaded' }>;

/**
 * Asks each question once, however many reviews ask it at the same time, and answers every one of them within its own
 * deadline: with what is known by then, with what was known before where the registry is out of reach, or with why
 * not. A look that no review waits for any more goes on, for the next attempt to find its result.
 *
 * @example
 * const answer = await createAsk({ find, good, lanes, now, onFailure })(question, 8_000);
 */
export function createAsk(deps: AskDeps): Ask {
  const { good, lanes, now, maxWaiting = MAX_WAITING } = deps;
  const { fallBackAfterMs = FALL_BACK_AFTER_MS } = deps;
  const share = createSingleFlight<Look>();
  const failed = new LRUCache<string, { readonly look: Look; readonly until: number }>({
    max: MAX_FAILED,
  });
  let waiting = 0;

  async function look(key: string, question: Question): Promise<Look> {
    try {
      const found = await lanes(question.announced.reference.host, () => deps.find(question));
      if (found === undefined) return { status: 'overloaded' };
      if (found.verdict.status === 'verified') good.remember(keyOf(question), found.verdict);
      return { status: 'known', ...found };
    } catch (error) {
      const failure = toFailure(error);
      deps.onFailure(question, failure);
      const answer: Look = { status: 'failed', failure };
      failed.set(key, { look: answer, until: now().getTime() + FAILED_FOR_MS });
      return answer;
    }
  }

  async function lookOnce(question: Question): Promise<Look> {
    // Where else to look for an index is part of the question, not of a good verdict.
    const { announced, hint } = question;
    const key = JSON.stringify([keyOf(question), announced.reference.tag ?? null, hint ?? null]);
    const recent = failed.get(key);
    if (recent !== undefined && recent.until > now().getTime()) return recent.look;
    return share(key, () => look(key, question));
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
      const late = (): Answer => ({ status: 'late' });
      return fallBack(await within(patience, () => lookOnce(question), late), known?.verdict);
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

type GoodVerdict = Extract<Verdict, { status: 'verified' }>;

interface GoodVerdicts {
  readonly remember: (key: string, verdict: GoodVerdict) => void;
  /** `stale`: it counts only while the registry cannot be asked. Undefined: it does not count any more. */
  readonly recall: (key: string) => { verdict: GoodVerdict; stale: boolean } | undefined;
}

/**
 * Remembers what was verified: for an hour, as the verifier does, and for `staleForMs` more in case of an outage. In
 * memory, and never "unsigned", nor what only a policy that asks for no signature let in.
 *
 * @example
 * const good = createGoodVerdicts({ staleForMs: 600_000, now });
 */
export function createGoodVerdicts(
  deps: Pick<AskDeps, 'now'> & { readonly staleForMs: number },
): GoodVerdicts {
  const { staleForMs, now } = deps;
  const kept = new LRUCache<string, { readonly verdict: GoodVerdict; readonly at: number }>({
    max: MAX_GOOD,
  });
  return {
    remember(key, verdict) {
      if (verdict.allowedUnsigned === undefined) kept.set(key, { verdict, at: now().getTime() });
    },
    recall(key) {
      const known = kept.get(key);
      if (known === undefined) return undefined;
      const age = now().getTime() - known.at;
      if (age >= GOOD_FOR_MS + staleForMs) return undefined;
      return { verdict: known.verdict, stale: age >= GOOD_FOR_MS };
    },
  };
}

/** What is asked of a registry. */
export interface Question {
  readonly announced: Announced;
  readonly policy: TrustPolicy;
  /** What the RSync uses of it. */
  readonly taken: Taken;
  /** An index to look at, from a receipt that any tenant may have written: it proves nothing. */
  readonly hint?: Digest;
}

export interface FindDeps {
  readonly verifier: Verifier;
  readonly resolver: Pick<BurstResolver, 'resolve'>;
  readonly now: () => Date;
}

/** What was found: with the digest that was verified, which no announcement of a chart names. */
export interface Found {
  readonly verdict: Verdict;
  readonly digest?: string;
}

/** Any resolution of the last seconds will do: an index that is missing from it is found at the next attempt. */
const ANY_TIME = new Date(0);

/**
 * The verdict of what is announced. Throws where it could not be found out.
 *
 * Helm pulls by version and announces no digest: what the version's tag names now is what is verified. Of images Config
 * Sync announces the child that it pulled, and cosign signs the index that was pushed unless a flag says otherwise: where
 * the child's own signatures do not count, those of its index do, once the registry shows that it is its index.
 */
export async function findVerdict(question: Question, deps: FindDeps): Promise<Found> {
  const { verifier, resolver, now } = deps;
  const { announced, policy, taken } = question;
  const { reference } = announced;
  const { repository, digest: pinned } = reference;
  if (announced.type === 'chart') {
    const { image } = await resolver.resolve(reference, now());
    if (image.status === 'unusable') return { verdict: image };
    const subject = { repository, ...defined({ digest: image.digest, index: image.index }) };
    return { verdict: await verifier.verify(subject, policy, { taken }), digest: image.digest };
  }
  const { digest } = announced;
  if (pinned !== undefined && pinned !== digest) {
    const pulled = await resolver.resolve(reference, ANY_TIME);
    if (pulled.image.status === 'unusable') return { verdict: pulled.image };
    if (pulled.image.digest !== digest) {
      const message = `it is not what spec.oci.image pins, for ${pinned} leads to another digest`;
      return { verdict: { status: 'unusable', reason: 'digest-absent', message } };
    }
  }
  const verdict = await verifier.verify({ repository, digest }, policy, { taken });
  const good = verdict.status === 'verified' && verdict.allowedUnsigned === undefined;
  // No signature mends what it contains.
  if (good || verdict.status === 'unusable') return { verdict, digest };
  const index = await findIndex(announced, question.hint, deps);
  if (index === undefined) return { verdict, digest };
  const ofIndex = await verifier.verify({ repository, digest, index }, policy, { taken });
  return { verdict: ofIndex, digest };
}

/** The index of the announced digest: by the spec's own reference, the tag beside a pinned digest, or the last approval. */
async function findIndex(
  { reference, digest }: Extract<Announced, { type: 'image' }>,
  hint: Digest | undefined,
  { resolver }: FindDeps,
): Promise<Digest | undefined> {
  const { digest: pinned, ...tagged } = reference;
  const beside = pinned === undefined || tagged.tag === undefined ? [] : [tagged];
  const { host, path, repository } = reference;
  const hinted = hint === undefined ? [] : [{ host, path, repository, digest: hint }];
  for (const candidate of [reference, ...beside, ...hinted]) {
    const { image } = await resolver.resolve(candidate, ANY_TIME);
    if (image.status === 'resolved' && image.digest === digest && image.index !== undefined) {
      return image.index;
    }
  }
  return undefined;
}
