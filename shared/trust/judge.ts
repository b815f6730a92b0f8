import { setImmediate as nextTurn } from 'node:timers/promises';

import type { TrustPolicy } from '#shared/core/policy.ts';
import type { CandidateOutcome, Verdict } from '#shared/core/verdict.ts';

import type { AuthorityCheck } from './authority.ts';
import { type Candidate, isRefusal, refuse } from './candidate.ts';
import { CHECKS_PER_TURN } from './limits.ts';

/**
 * The verdict on everything that was found: every authority looks at every candidate, so that junk beside a good
 * signature denies nothing, and each principal counts once however often it signed or is named.
 */
export async function judge(
  candidates: readonly Candidate[],
  authorities: readonly AuthorityCheck[],
  policy: Pick<TrustPolicy, 'require' | 'allowUnsigned'>,
): Promise<Verdict> {
  const outcomes = await examine(candidates, countOnce(authorities));
  if (policy.allowUnsigned && outcomes.every(isNoSignature)) {
    return { status: 'verified', authorities: [], candidates: outcomes, allowedUnsigned: true };
  }
  if (outcomes.length === 0) return { status: 'unsigned' };
  const accepting = new Set(outcomes.filter(isAcceptance).map(({ authority }) => authority));
  const verified = authorities.map(({ name }) => name).filter((name) => accepting.has(name));
  return verified.length >= policy.require
    ? { status: 'verified', authorities: verified, candidates: outcomes }
    : { status: 'untrusted', candidates: outcomes };
}

/** Of authorities that are one principal under several names, all but the first accept nothing. */
function countOnce(authorities: readonly AuthorityCheck[]): readonly AuthorityCheck[] {
  const first = new Map<string, AuthorityCheck>();
  return authorities.map((authority) => {
    const same = first.get(authority.principal);
    if (same === undefined) {
      first.set(authority.principal, authority);
      return authority;
    }
    const refusal = refuse(
      'wrong-key',
      `Signer is the one of authority "${same.name}", counted once`,
    );
    return { ...authority, check: () => refusal };
  });
}

async function examine(
  candidates: readonly Candidate[],
  authorities: readonly AuthorityCheck[],
): Promise<readonly CandidateOutcome[]> {
  const outcomes: CandidateOutcome[] = [];
  let checks = 0;
  for (const candidate of candidates) {
    if (isRefusal(candidate)) {
      const { source, format, refused: reason, detail } = candidate;
      outcomes.push({ source, format, reason, detail });
      continue;
    }
    for (const authority of authorities) {
      if (authority.slow || ++checks % CHECKS_PER_TURN === 0) await nextTurn();
      const { source, format } = candidate;
      const result = authority.check(candidate);
      const seen = { source, format, authority: authority.name };
      outcomes.push(
        isRefusal(result)
          ? { ...seen, reason: result.refused, detail: result.detail }
          : { ...seen, identity: result.identity },
      );
    }
  }
  return outcomes;
}

/** An attestation beside an unsigned image leaves it unsigned; a signature that is wrong does not. */
function isNoSignature({ reason }: CandidateOutcome): boolean {
  return reason === 'no-matching-predicate';
}

function isAcceptance(outcome: CandidateOutcome): boolean {
  return outcome.authority !== undefined && outcome.reason === undefined;
}
