import { setImmediate as nextTurn } from 'node:timers/promises';
import { defined } from '#shared/core/defined.ts';
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
  policy: Pick<TrustPolicy, 'require' | 'allowUnsigned' | 'attestations' | 'signatures'>,
): Promise<Verdict> {
  const { attestations: rules, require } = policy;
  const { seen, met, refused } = await examine(candidates, authorities, await prepareRules(rules));
  const found = seen.map(({ outcome }) => outcome);
  if (policy.allowUnsigned && found.every(isNoSignature)) {
    return { status: 'verified', authorities: [], candidates: found, allowedUnsigned: true };
  }
  if (seen.length === 0) return { status: 'unsigned' };
  const names = [...new Set(authorities.map(({ name }) => name))];
  const signed = seen.filter(({ outcome }) => isSignatureAccepted(outcome, policy));
  const { satisfied, counted } = countSigners(names, signed);
  const outcomes = found.map((outcome) => countOnce(outcome, counted));
  const unmet = rules.filter((rule) => !met.has(rule));
  if (satisfied.length >= require && unmet.length === 0) {
    return { status: 'verified', authorities: satisfied, candidates: outcomes };
  }
  const lacks = unmet.map((rule): CandidateOutcome => {
    const detail = `No trusted signer has signed an ${describeRule(rule)}`;
    return { ...LACKS_SIGNATURE, predicateType: rule.predicateType, detail };
  });
  if (satisfied.length === 0 && outcomes.every(isAccepted)) lacks.push(LACKS_SIGNATURE);
  const all = [...outcomes, ...lacks];
  if (refused) return { status: 'untrusted', candidates: all };
  // Attestations that are not asked for are no bad signature, and no good one.
  if (!found.some(isAccepted)) return { status: 'unsigned', candidates: outcomes };
  const missing = [
    ...missingSigners(names, satisfied, require),
    ...unmet.map((rule) => `an ${describeRule(rule)}, signed by an authority of the policy`),
  ];
  return { status: 'incomplete', candidates: all, missing };
}

function isAccepted({ authority, reason }: CandidateOutcome): boolean {
  return authority !== undefined && reason === undefined;
}

/** Whose signature would complete it. */
function missingSigners(
  names: readonly string[],
  satisfied: readonly string[],
  require: number,
): readonly string[] {
  const count = require - satisfied.length;
  if (count <= 0) return [];
  const others = names.filter((name) => !satisfied.includes(name)).map((name) => `"${name}"`);
  if (others.length === count) return others.map((name) => `a signature of authority ${name}`);
  return [`${count} more of the signatures of ${others.join(', ')}`];
}

/** Where the signer was counted for another authority, the acceptance says so. */
function countOnce(
  outcome: CandidateOutcome,
  counted: ReadonlyMap<string, string>,
): CandidateOutcome {
  const other = counted.get(outcome.authority ?? '');
  if (outcome.reason !== undefined || other === undefined) return outcome;
  const { identity: _, ...rest } = outcome;
  const detail = `Signer is the one of authority "${other}", counted once`;
  return { ...rest, reason: 'wrong-key', detail };
}

const LACKS_SIGNATURE: CandidateOutcome = {
  source: 'policy',
  format: 'unknown',
  reason: 'no-matching-predicate',
  detail: 'An attestation is not a signature: sign the image too',
};

/** One outcome, and every name that its signer is known by, where an authority accepted it. */
interface Seen {
  readonly outcome: CandidateOutcome;
  /** The key's thumbprint, or issuer and subject with the thumbprint of the leaf's key. */
  readonly signer: readonly string[];
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
    const { source, format, attestation } = candidate;
    const about = defined({ source, format, predicateType: attestation?.predicateType });
    for (const authority of authorities) {
      if (authority.slow || ++checks % CHECKS_PER_TURN === 0) await nextTurn();
      const result = look(candidate, authority, rules);
      const seen = { ...about, authority: authority.name };
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

/** An attestation beside an unsigned image leaves it unsigned; a signature that is wrong does not. */
function isNoSignature({ reason }: CandidateOutcome): boolean {
  return reason === 'no-matching-predicate';
}

/** Whether an authority accepted a signature. An attestation is one only where the policy takes it for one. */
export function isSignatureAccepted(
  outcome: CandidateOutcome,
  { signatures }: Pick<TrustPolicy, 'signatures'>,
): boolean {
  const { predicateType } = outcome;
  const counts = predicateType === undefined || signatures === 'attested';
  return isAccepted(outcome) && counts;
}

/**
 * Counts people, not rules: as many authorities as can each be given a signer of its own, a maximum matching (Kuhn's
 * algorithm; a policy has at most fifty authorities). All names of one acceptance are one signer's.
 */
function countSigners(authorities: readonly string[], accepted: readonly Seen[]) {
  const signerOf = uniteNames(accepted);
  const signersOf = new Map(authorities.map((name) => [name, new Set<string>()]));
  for (const { outcome, signer } of accepted)
    signersOf.get(outcome.authority ?? '')?.add(signerOf(signer[0] ?? ''));
  const takenBy = new Map<string, string>();

  /** Gives the authority a signer; one that is taken moves on where its authority has another. */
  function assign(authority: string, tried: Set<string>): boolean {
    for (const signer of signersOf.get(authority) ?? []) {
      if (tried.has(signer)) continue;
      tried.add(signer);
      const holder = takenBy.get(signer);
      if (holder !== undefined && !assign(holder, tried)) continue;
      takenBy.set(signer, authority);
      return true;
    }
    return false;
  }

  const satisfied = authorities.filter((authority) => assign(authority, new Set()));
  /** By authority that is not satisfied: the one that its signer is counted for. */
  const counted = new Map<string, string>();
  for (const authority of authorities) {
    const [first = ''] = signersOf.get(authority) ?? [];
    const other = satisfied.includes(authority) ? undefined : takenBy.get(first);
    if (other !== undefined) counted.set(authority, other);
  }
  return { satisfied, counted };
}

/** Names to signers: union-find over the names that acceptances put side by side. */
function uniteNames(accepted: readonly Seen[]): (name: string) => string {
  const parents = new Map<string, string>();
  const rootOf = (name: string): string => {
    let at = name;
    for (let up = parents.get(at); up !== undefined; up = parents.get(at)) at = up;
    return at;
  };
  for (const { signer } of accepted) {
    const [first = '', ...others] = signer;
    for (const other of others) {
      const [a, b] = [rootOf(first), rootOf(other)];
      if (a !== b) parents.set(b, a);
    }
  }
  return rootOf;
}
