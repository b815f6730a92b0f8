import { setImmediate as nextTurn } from 'node:timers/promises';

import type { AttestationRule, TrustPolicy } from '#shared/core/policy.ts';
import type { CandidateOutcome, Verdict } from '#shared/core/verdict.ts';

import { describeRule, matchRules, type PreparedRule, prepareRules } from './attestation-rules.ts';
import {
  type Acceptance,
  type AuthorityCheck,
  type Candidate,
  type Evidence,
  isRefusal,
  type Refusal,
} from './candidate.ts';
import { countSigners, type Signed } from './count-signers.ts';
import { CHECKS_PER_TURN } from './limits.ts';

/**
 * The verdict on everything that was found: every authority looks at every candidate, so that junk beside a good
 * signature denies nothing, and each signer counts for one authority, however often it signed and however many rules
 * it fits. Each attestation rule needs one attestation by any authority; an attestation is a signature only under
 * `signatures: attested`. Where all that was found is good, and more is asked for, the digest is `incomplete`; it is
 * `untrusted` where something that was found is accepted by no authority, and enough is not there without it.
 */
export async function judgeCandidates(
  candidates: readonly Candidate[],
  authorities: readonly AuthorityCheck[],
  policy: Judged,
): Promise<Verdict> {
  const { attestations: rules } = policy;
  const prepared = await prepareRules(rules);
  const { seen, met, refused } = await examine(candidates, authorities, prepared);
  if (policy.allowUnsigned && seen.every(({ outcome }) => isNoSignature(outcome))) {
    const outcomes = seen.map(({ outcome }) => outcome);
    return { status: 'verified', authorities: [], candidates: outcomes, allowedUnsigned: true };
  }
  if (seen.length === 0) return { status: 'unsigned' };
  const names = [...new Set(authorities.map(({ name }) => name))];
  const { satisfied, counted } = countSigners(names, acceptedOf(seen, policy));
  const outcomes = seen.map((one) => countOnce(one, counted));
  const missing = rules.filter((rule) => !met.has(rule)).map(lacking);
  if (satisfied.length >= policy.require && missing.length === 0) {
    return { status: 'verified', authorities: satisfied, candidates: outcomes };
  }
  if (satisfied.length === 0 && outcomes.every(isAccepted)) missing.push(LACKS_SIGNATURE);
  const all = [...outcomes, ...missing];
  if (refused) return { status: 'untrusted', candidates: all };
  // Attestations that are not asked for are no bad signature, and no good one.
  if (!seen.some(({ outcome }) => isAccepted(outcome))) {
    return { status: 'unsigned', candidates: outcomes };
  }
  const lacks = lackingSigners(names, satisfied, policy);
  const attestations = rules.filter((rule) => !met.has(rule)).map(sayLacking);
  return { status: 'incomplete', candidates: all, missing: [...lacks, ...attestations] };
}

function isAccepted({ authority, reason }: CandidateOutcome): boolean {
  return authority !== undefined && reason === undefined;
}

/** Whose signature would complete it. */
function lackingSigners(
  names: readonly string[],
  satisfied: readonly string[],
  { require }: Judged,
): readonly string[] {
  const count = require - satisfied.length;
  if (count <= 0) return [];
  const others = names.filter((name) => !satisfied.includes(name)).map((name) => `"${name}"`);
  if (others.length === count) return others.map((name) => `a signature of authority ${name}`);
  return [`${count} more of the signatures of ${others.join(', ')}`];
}

function sayLacking(rule: AttestationRule): string {
  return `an ${describeRule(rule)}, signed by an authority of the policy`;
}

type Judged = Pick<TrustPolicy, 'require' | 'allowUnsigned' | 'attestations' | 'signatures'>;

/** One outcome, and the names of its signer where an authority accepted it. */
interface Seen {
  readonly outcome: CandidateOutcome;
  readonly signer: readonly string[];
}

function acceptedOf(seen: readonly Seen[], policy: Judged): readonly Signed[] {
  return seen.flatMap(({ outcome, signer }) => {
    const { authority } = outcome;
    return authority !== undefined && isSignatureAccepted(outcome, policy)
      ? [{ authority, signer }]
      : [];
  });
}

/** Where the signer was counted for another authority, the acceptance says so. */
function countOnce({ outcome }: Seen, counted: ReadonlyMap<string, string>): CandidateOutcome {
  const { authority = '', reason } = outcome;
  const other = counted.get(authority);
  if (reason !== undefined || other === undefined) return outcome;
  const { identity: _, ...rest } = outcome;
  return {
    ...rest,
    reason: 'wrong-key',
    detail: `Signer is the one of authority "${other}", counted once`,
  };
}

const LACKS_SIGNATURE: CandidateOutcome = {
  source: 'policy',
  format: 'unknown',
  reason: 'no-matching-predicate',
  detail: 'Attestations are no signature: sign the image too',
};

/** What the policy asks for, and no trusted signer has attested. */
function lacking(rule: AttestationRule): CandidateOutcome {
  const { predicateType } = rule;
  const detail = `Nobody trusted signed an ${describeRule(rule)}`;
  return { ...LACKS_SIGNATURE, predicateType, detail };
}

async function examine(
  candidates: readonly Candidate[],
  authorities: readonly AuthorityCheck[],
  rules: readonly PreparedRule[],
): Promise<{ seen: readonly Seen[]; met: ReadonlySet<AttestationRule>; refused: boolean }> {
  const all: Seen[] = [];
  let refused = false;
  const met = new Set<AttestationRule>();
  let checks = 0;
  for (const candidate of candidates) {
    if (isRefusal(candidate)) {
      const { source, format, refused: reason, detail } = candidate;
      const outcome = { source, format, reason, detail };
      all.push({ outcome, signer: [] });
      refused ||= !isNoSignature(outcome);
      continue;
    }
    let accepted = false;
    for (const authority of authorities) {
      if (authority.slow || ++checks % CHECKS_PER_TURN === 0) await nextTurn();
      const result = look(candidate, authority, rules);
      const seen = { ...describe(candidate), authority: authority.name };
      if (isRefusal(result)) {
        const { refused: reason, detail } = result;
        all.push({ outcome: { ...seen, reason, detail }, signer: [] });
        continue;
      }
      const { identity, signer = [identity] } = result;
      all.push({ outcome: { ...seen, identity }, signer });
      accepted = true;
      for (const rule of result.met) met.add(rule);
    }
    refused ||= !accepted && isAskedFor(candidate, rules);
  }
  return { seen: all, met, refused };
}

/** Signatures are, and attestations of a type that a rule names: of another type they may be by anyone. */
function isAskedFor({ attestation }: Evidence, rules: readonly PreparedRule[]): boolean {
  if (attestation === undefined) return true;
  return rules.some(({ rule }) => rule.predicateType === attestation.predicateType);
}

function look(
  candidate: Evidence,
  authority: AuthorityCheck,
  rules: readonly PreparedRule[],
): (Acceptance & { readonly met: readonly AttestationRule[] }) | Refusal {
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

/**
 * Whether an authority accepted a signature: an attestation is none, however good, but where the policy asks for it and
 * takes it for one.
 */
export function isSignatureAccepted(
  { authority, reason, predicateType }: CandidateOutcome,
  { signatures }: Pick<TrustPolicy, 'signatures'>,
): boolean {
  const counts = predicateType === undefined || signatures === 'attested';
  return authority !== undefined && reason === undefined && counts;
}
