import type { Taken } from '#shared/core/content.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { Authority, TrustPolicy } from '#shared/core/policy.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import type { Registry } from '#shared/registry/registry.ts';
import type { AuthorityCheck } from './candidate.ts';
import { discover, type Subject } from './discover.ts';
import { judgeCandidates } from './judge-candidates.ts';
import type { KeyLoader } from './keys.ts';
import { createTrustRootLoader, type TrustRootLoader } from './trust-roots.ts';
import { createKeyCheck } from './verify-key.ts';
import { LRUCache } from 'lru-cache';

export interface Verifier {
  /** Throws what kept it from being checked: the registry's failures, a deadline, a key, a root, or `bad-config`. */
  verify(subject: Subject, policy: TrustPolicy, options?: VerifyOptions): Promise<Verdict>;
}

export interface VerifyOptions {
  /** Something changed just now: a remembered verdict that is not `verified` is looked at again. */
  readonly fresh?: boolean;
  /** What of the image is used; absent: any of it, by what the image is. Signatures are of all of it. */
  readonly taken?: Taken | undefined;
  /** The caller does not want the verdict any more. Once that is so of all who wait for it, no further request begins. */
  readonly signal?: AbortSignal;
}

export interface AuthorityDeps {
  readonly keys: KeyLoader;
  readonly roots: TrustRootLoader;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface VerifierDeps extends Omit<AuthorityDeps, 'roots'> {
  readonly registry: Registry;
  /** Absent: one of its own, which keeps the public-good root in a temporary folder. */
  readonly roots?: TrustRootLoader;
  /** For finding all candidates of one subject, in milliseconds. */
  readonly timeoutMs?: number;
}

/**
 * Makes a verifier that remembers verdicts.
 *
 * @example
 * const verdict = await createVerifier({ registry, keys, now }).verify({ repository, digest }, policy);
 */
export function createVerifier(deps: VerifierDeps): Verifier {
  const cache = createVerdictCache({ now: deps.now });
  const { roots = createTrustRootLoader({ now: deps.now }) } = deps;
  return {
    async verify(subject, policy, options = {}) {
      checkPolicy(policy);
      const { repository, digest, index } = subject;
      const key = JSON.stringify([repository, digest, index ?? null, policy.hash]);
      return cache.get(key, options, (signal) =>
        verifyAfresh(subject, policy, { ...deps, roots, signal }),
      );
    },
  };
}

async function verifyAfresh(
  subject: Subject,
  policy: TrustPolicy,
  deps: VerifierDeps & AuthorityDeps & { readonly signal: AbortSignal },
): Promise<Verdict> {
  // No signature is asked for: `open: { allowUnsigned: true }`.
  if (policy.authorities.length === 0) return judgeCandidates([], [], policy);
  // A key that cannot be had is a failure, signatures or not.
  const [{ candidates, gaps }, authorities] = await Promise.all([
    discover(subject, policy, deps),
    Promise.all(policy.authorities.map((authority) => prepareAuthority(authority, deps))),
  ]);
  const verdict = await judgeCandidates(candidates, authorities, policy);
  // More candidates take nothing away from what verifies; any other verdict, they may change.
  const [gap] = gaps;
  const isSettled = verdict.status === 'verified' && verdict.allowedUnsigned === undefined;
  if (gap === undefined || isSettled) return verdict;
  throw gap;
}

/**
 * Makes an authority ready: each mode has a file of its own, in which the steps of a verification stand in their order.
 * Throws where it cannot be, and the policy then approves nothing: `key-unavailable`, `trust-root-unavailable`,
 * `bad-config`. What only certificates and logs need is loaded where a policy asks for them.
 */
export async function prepareAuthority(
  authority: Authority,
  { keys, roots, now }: AuthorityDeps,
): Promise<AuthorityCheck> {
  const { name, trustedRoot = 'public-good' } = authority;
  if (authority.type === 'keyless') {
    const { createKeylessCheck } = await import('./verify-keyless.ts');
    return createKeylessCheck(authority, await roots(trustedRoot, name), now);
  }
  if (authority.type === 'certificate') {
    const { createPkiCheck } = await import('./verify-pki.ts');
    const isTimed = authority.transparencyLog !== 'ignore';
    return createPkiCheck(authority, isTimed ? await roots(trustedRoot, name) : undefined, now);
  }
  const key = await keys(authority.key, name);
  if (authority.transparencyLog === 'ignore') return createKeyCheck(authority, key);
  const { findUnlogged } = await import('./prove.ts');
  const rules = { root: await roots(trustedRoot, name), now };
  return createKeyCheck(authority, key, (...signed) => findUnlogged(...signed, rules));
}

/** A policy that no signer needs to satisfy must not approve. */
function checkPolicy(policy: TrustPolicy): void {
  const { authorities, attestations, allowUnsigned } = policy;
  if (attestations.length > 0 && (allowUnsigned || authorities.length === 0)) {
    throw badPolicy(policy, 'requires attestations, and names no authority that must sign');
  }
  if (policy.signatures === 'attested') {
    if (attestations.length === 0)
      throw badPolicy(policy, 'takes attestations for signatures, and requires none');
    if (authorities.some(({ annotations }) => Object.keys(annotations).length > 0)) {
      throw badPolicy(policy, 'asks for annotations, which attestations do not have');
    }
  }
  checkAuthorities(policy);
}

/** Throws `bad-config` for a policy that nothing has to satisfy and that does not say so: it must not approve. */
export function checkAuthorities(policy: TrustPolicy): void {
  const { authorities, require, allowUnsigned } = policy;
  if (authorities.length === 0 && !allowUnsigned) throw badPolicy(policy, 'names no authority');
  if (authorities.length > 0 && !(Number.isInteger(require) && require >= 1)) {
    throw badPolicy(policy, 'needs a require of 1 or more');
  }
}

export function badPolicy({ name }: TrustPolicy, problem: string): CountersignError {
  return new CountersignError('bad-config', `Trust policy "${name}" ${problem}`);
}

export interface VerdictCache {
  /**
   * The verdict under `key`, computed at most once at a time. `fresh` takes nothing negative that was begun before it
   * was asked: a signature's own event must not be answered with the "unsigned" from before it. A failure is given to
   * all who wait for it, and not kept. What all have left that waited for it is aborted.
   */
  get(
    key: string,
    options: Pick<VerifyOptions, 'fresh' | 'signal'>,
    compute: (signal: AbortSignal) => Promise<Verdict>,
  ): Promise<Verdict>;
}

/** A good signature stays good, and the key includes the policy's hash; in the end a deleted one is noticed. */
const GOOD_FOR_MS = 60 * 60_000;

/** "Unsigned" changes as soon as someone signs: well below the 15 s after which Config Sync asks a webhook again. */
const OTHERS_FOR_MS = 5_000;

/** About 1 kB each. */
const MAX_ENTRIES = 10_000;

interface Entry {
  /** Order in which the computations began. */
  readonly turn: number;
  readonly verdict: Verdict;
  /** Milliseconds of `now`. */
  readonly until: number;
}

/** A computation that is under way. */
interface Running {
  readonly turn: number;
  readonly verdict: Promise<Verdict>;
  /** Callers that want its verdict. */
  wanted: number;
  readonly abort: () => void;
}

/**
 * Makes a cache in memory; `now` is in milliseconds. The least recently used entries go first.
 *
 * @example
 * const verdict = await createVerdictCache({ now }).get(key, {}, (signal) => verify(digest, signal));
 */
export function createVerdictCache(deps: {
  readonly now: () => number;
  readonly maxEntries?: number;
}): VerdictCache {
  const { now, maxEntries = MAX_ENTRIES } = deps;
  // By size, for `max` would allocate all of it at once.
  const entries = new LRUCache<string, Entry>({ maxSize: maxEntries, sizeCalculation: () => 1 });
  const underWay = new Map<string, Running>();
  let turns = 0;

  function recall(key: string, notBefore: number): Verdict | undefined {
    const entry = entries.get(key);
    if (entry === undefined || entry.until <= now()) return undefined;
    return isLasting(entry.verdict) || entry.turn >= notBefore ? entry.verdict : undefined;
  }

  function begin(key: string, compute: (signal: AbortSignal) => Promise<Verdict>): Running {
    const turn = turns++;
    const controller = new AbortController();
    async function run(): Promise<Verdict> {
      // Begins once it is listed, so that its end always finds it there.
      await Promise.resolve();
      const readAt = new Date(now()).toISOString();
      try {
        const verdict = { ...(await compute(controller.signal)), readAt };
        const lifetime = isLasting(verdict) ? GOOD_FOR_MS : OTHERS_FOR_MS;
        // A newer one may have begun since it was given up.
        if (!controller.signal.aborted) {
          entries.set(key, { verdict, turn, until: now() + lifetime });
        }
        return verdict;
      } finally {
        end();
      }
    }
    function end(): void {
      if (underWay.get(key) === running) underWay.delete(key);
    }
    function abort(): void {
      // Who asks now must not wait for what is given up.
      end();
      controller.abort();
    }
    const running: Running = { turn, verdict: run(), wanted: 0, abort };
    underWay.set(key, running);
    return running;
  }

  /** Counts the caller as one that wants it, until its signal says otherwise. */
  function join(running: Running, signal: AbortSignal | undefined): Promise<Verdict> {
    running.wanted += 1;
    function leave(): void {
      running.wanted -= 1;
      if (running.wanted === 0) running.abort();
    }
    signal?.addEventListener('abort', leave, { once: true });
    return running.verdict;
  }

  return {
    async get(key, { fresh = false, signal }, compute) {
      const notBefore = fresh ? turns : 0;
      for (;;) {
        const known = recall(key, notBefore);
        if (known !== undefined) return known;
        signal?.throwIfAborted();
        const running = underWay.get(key) ?? begin(key, compute);
        if (running.turn >= notBefore) return join(running, signal);
        // One at a time: the many who ask during it then share the next.
        await Promise.allSettled([running.verdict]);
      }
    },
  };
}

/** An unsigned image that is allowed may be signed any moment. */
function isLasting(verdict: Verdict): boolean {
  return verdict.status === 'verified' && verdict.allowedUnsigned === undefined;
}
