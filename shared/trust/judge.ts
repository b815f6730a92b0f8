import { setImmediate as nextTurn } from 'node:timers/promises';

import type { AttestationRule, TrustPolicy } from '#shared/core/policy.ts';
import type { CandidateOutcome, Verdict } from '#shared/core/verdict.ts';

import { describeRule, matchRules } from './attestation-rules.ts';
import type { Acceptance, AuthorityCheck } from './authority.ts';
import { type Candidate, type Evidence, isRefusal, type Refusal, refuse } from './candidate.ts';
import { CHECKS_PER_TURN } from './limits.ts';

type Rules = readonly AttestationRule[];

/**
 * The verdict on everything that was found: every authority looks at every candidate, so that junk beside a good
 * signature denies nothing, and each principal counts once however often it signed or is named. Each attestation rule
 * needs one attestation by any authority; an attestation is nobody's signature.
 */
export async function judge(
  candidates: readonly Candidate[],
  authorities: readonly AuthorityCheck[],
  policy: Pick<TrustPolicy, 'require' | 'allowUnsigned' | 'attestations'>,
): Promise<Verdict> {
  const { attestations: rules } = policy;
  const { outcomes, met } = await examine(candidates, countOnce(authorities), rules);
  if (policy.allowUnsigned && outcomes.every(isNoSignature)) {
    return { status: 'verified', authorities: [], candidates: outcomes, allowedUnsigned: true };
  }
  if (outcomes.length === 0) return { status: 'unsigned' };
  const accepting = new Set(outcomes.filter(isSignatureAccepted).map(({ authority }) => authority));
  const names = new Set(authorities.map(({ name }) => name));
  const verified = [...names].filter((name) => accepting.has(name));
  const missing = rules.filter((rule) => !met.has(rule)).map(lacking);
  if (verified.length >= policy.require && missing.length === 0) {
    return { status: 'verified', authorities: verified, candidates: outcomes };
  }
  if (verified.length === 0 && outcomes.every(({ reason }) => reason === undefined)) {
    missing.push(LACKS_SIGNATURE);
  }
  return { status: 'untrusted', candidates: [...outcomes, ...missing] };
}

const LACKS_SIGNATURE: CandidateOutcome = {
  source: 'policy',
  format: 'unknown',
  reason: 'no-matching-predicate',
  detail: 'Attestations are no signature: sign the image too',
};

/** What the policy asks for and nobody trusted has attested. */
function lacking(rule: AttestationRule): CandidateOutcome {
  const { predicateType } = rule;
  const detail = `Nobody trusted signed an ${describeRule(rule)}`;
  return { ...LACKS_SIGNATURE, predicateType, detail };
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
  rules: Rules,
): Promise<{ outcomes: readonly CandidateOutcome[]; met: ReadonlySet<AttestationRule> }> {
  const outcomes: CandidateOutcome[] = [];
  const met = new Set<AttestationRule>();
  let checks = 0;
  for (const candidate of candidates) {
    if (isRefusal(candidate)) {
      const { source, format, refused: reason, detail } = candidate;
      outcomes.push({ source, format, reason, detail });
      continue;
    }
    for (const authority of authorities) {
      if (authority.slow || ++checks % CHECKS_PER_TURN === 0) await nextTurn();
      const result = look(candidate, authority, rules);
      const seen = { ...describe(candidate), authority: authority.name };
      if (isRefusal(result)) {
        outcomes.push({ ...seen, reason: result.refused, detail: result.detail });
        continue;
      }
      outcomes.push({ ...seen, identity: result.identity });
      for (const rule of result.met) met.add(rule);
    }
  }
  return { outcomes, met };
}

function look(
  candidate: Evidence,
  authority: AuthorityCheck,
  rules: Rules,
): (Acceptance & { readonly met: Rules }) | Refusal {
  const result = authority.check(candidate);
  if (isRefusal(result)) return result;
  // Only then: what a stranger attests is not worth a word.
  const met = candidate.attestation === undefined ? [] : matchRules(candidate.attestation, rules);
  return isRefusal(met) ? met : { ...result, met };
}

function describe({ source, format, attestation }: Evidence): CandidateOutcome {
  const seen = { source, format };
  return attestation === undefined ? seen : { ...seen, predicateType: attestation.predicateType };
}

/** An attestation beside an unsigned image leaves it unsigned; a signature that is wrong does not. */
function isNoSignature({ reason }: CandidateOutcome): boolean {
  return reason === 'no-matching-predicate';
}

/** Whether an authority accepted a signature: an attestation is none, however good. */
export function isSignatureAccepted({
  authority,
  reason,
  predicateType,
}: CandidateOutcome): boolean {
  return authority !== undefined && reason === undefined && predicateType === undefined;
}
