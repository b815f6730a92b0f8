import type { Authority, TrustPolicy } from '#shared/core/policy.ts';
import { shellWord } from '#shared/core/shell-word.ts';
import type { CandidateOutcome, CandidateReason, Verdict } from '#shared/core/verdict.ts';
import { isSignatureAccepted } from './judge-candidates.ts';

type Explained = Pick<TrustPolicy, 'name' | 'require' | 'authorities' | 'format' | 'signatures'>;

/** Why a candidate does not count and what to do: first the reason that is nearest to a signature that counts. */
const WAYS: Readonly<Record<CandidateReason, string | ((policy: Explained) => string)>> = {
  'missing-claim': 'a signature lacks the annotations of the policy: sign with -a NAME=VALUE',
  'missing-log-entry': 'a signature is in no transparency log: sign without --tlog-upload=false',
  'missing-timestamp': 'no trusted party says when it was signed: sign with a timestamp or a log',
  'missing-sct':
    'its certificate is in no certificate log: sign with a certificate authority that logs',
  'certificate-expired': 'its certificate was not in use when it was signed: sign again',
  'time-out-of-range':
    'it was signed outside the time in which its signer or log is trusted: sign again, or renew the trusted root',
  'log-mismatch': 'its log entry is of another signature: sign again',
  'wrong-key-usage': 'its certificate is not for signing code: sign with one that is',
  'weak-key': 'a key of the policy is too weak: replace it by ECDSA P-256, and sign with that',
  'unsupported-algorithm':
    'a key of the policy cannot be used here: replace it by ECDSA P-256, and sign with that',
  'wrong-format': ({ format }) =>
    `the policy accepts only signatures of the ${format} form: sign with --new-bundle-format=${format === 'bundle'}`,
  'wrong-identity': ({ authorities }) =>
    `its signer is not whom the policy names: sign as ${namesOf(authorities)}, or correct the subject in the policy`,
  'wrong-issuer': ({ authorities }) =>
    `its identity is of another issuer: sign as ${namesOf(authorities)}, or correct the issuer in the policy`,
  'untrusted-root':
    'its certificate is by an authority that is not trusted: name its trusted_root.json in the policy',
  'wrong-key': ({ authorities }) =>
    `no key of the policy verifies what is there, with any hash that is tried: sign with the key of ${namesOf(authorities)}, or correct the key or its hash in the policy`,
  'bad-signature': 'a signature does not verify with the key it names: sign again',
  'no-matching-predicate':
    'what is there are attestations, or not those that the policy asks for: sign the digest, and attest it as the policy says',
  'digest-mismatch': 'what is there was signed for another image: sign this digest',
  malformed: 'what is there cannot be read as a signature: sign again with cosign 2 or 3',
  'too-large': 'there is more data than is read: remove everything but signatures, and sign again',
  'too-many': 'there are more signatures than are read: remove those that are not needed',
};

/** The verdict in one sentence for people: what it is, and what to do where it is not `verified`. */
export function explainVerdict(verdict: Verdict, policy: Explained): string {
  switch (verdict.status) {
    case 'verified':
      return verdict.allowedUnsigned === true
        ? `Not signed, and policy "${policy.name}" allows that`
        : `Verified by ${verdict.authorities.join(', ')} under policy "${policy.name}"`;
    case 'unsigned':
      return `Not signed${verdict.candidates === undefined ? '' : ', and what is there are attestations that the policy does not ask for'}: sign the digest with cosign as ${namesOf(policy.authorities)}`;
    case 'unusable':
      return `Cannot be synced: ${verdict.message}`;
    case 'incomplete':
      return `Signed in part under policy "${policy.name}": ${verdict.missing.join(', and ')} is missing`;
    case 'untrusted':
      return `Not trusted under policy "${policy.name}": ${explainUntrusted(verdict.candidates, policy)}`;
  }
}

/** One candidate in one line: where, which form, who looked, and what came of it. */
export function explainCandidate(outcome: CandidateOutcome): string {
  const { source, format, predicateType, authority, reason, detail, identity } = outcome;
  const what = predicateType === undefined ? format : `${format} attestation ${predicateType}`;
  const who = authority === undefined ? '' : `, ${authority}`;
  const found =
    reason === undefined ? `accepted as ${identity ?? 'its signer'}` : `${reason}: ${detail ?? ''}`;
  return `${source} (${what}${who}) ${found}`;
}

function explainUntrusted(outcomes: readonly CandidateOutcome[], policy: Explained): string {
  const { authorities, require } = policy;
  const signers = signersOf(outcomes, policy);
  const lacking = outcomes.find(({ source, reason }) => source === 'policy' && reason);
  if (signers.size >= require && lacking !== undefined) {
    return `${lacking.detail ?? 'An attestation is missing'}: attest it with cosign as ${namesOf(authorities)}`;
  }
  if (signers.size > 0) {
    const others = authorities.filter(({ name }) => !signers.has(name));
    return `signed by ${[...signers].join(', ')}, and ${require} are required: have it signed by ${namesOf(others)} too`;
  }
  const seen = new Set<string>(outcomes.flatMap(({ reason }) => reason ?? []));
  const [, way = 'sign the digest'] =
    Object.entries(WAYS).find(([reason]) => seen.has(reason)) ?? [];
  return typeof way === 'string' ? way : way(policy);
}

function namesOf(authorities: Explained['authorities']): string {
  const names = authorities.map(({ name }) => name);
  return names.length === 0 ? 'an authority of the policy' : names.join(' or ');
}

/** The command that would mend a verdict on `image`, repository with digest; undefined where no signature would. */
export function mendingCommand(
  verdict: Verdict,
  policy: Pick<TrustPolicy, 'require' | 'authorities' | 'signatures'>,
  image: string,
): string | undefined {
  if (verdict.status === 'verified' || verdict.status === 'unusable') return undefined;
  const outcomes = verdict.candidates ?? [];
  const signers = signersOf(outcomes, policy);
  const signer = policy.authorities.find(({ name }) => !signers.has(name));
  const rule = outcomes.find(({ source, predicateType }) => source === 'policy' && predicateType);
  const isSigned = signers.size >= policy.require;
  if (rule?.predicateType !== undefined && (isSigned || policy.signatures === 'attested')) {
    const [by = signer] = policy.authorities;
    const type = `--type ${shellWord(rule.predicateType)} --predicate PREDICATE.json`;
    return by && `cosign attest ${type} ${flagsOf(by)}${image}`;
  }
  if (signer === undefined) return undefined;
  const claims = Object.entries(signer.annotations).map(
    ([key, value]) => `-a ${shellWord(`${key}=${value}`)} `,
  );
  return `cosign sign ${claims.join('')}${flagsOf(signer)}${image}`;
}

/** cosign 3 refuses the first without the second; cosign 2.6 takes both. */
const UNLOGGED = '--tlog-upload=false --use-signing-config=false ';

function flagsOf(authority: Authority): string {
  if (authority.type === 'keyless') return '';
  if (authority.type === 'certificate') {
    return '--key PRIVATE_KEY --certificate LEAF.pem --certificate-chain CHAIN.pem ';
  }
  const key = 'kms' in authority.key ? authority.key.kms : `PRIVATE_KEY_OF_${authority.name}`;
  const log = authority.transparencyLog === 'ignore' ? UNLOGGED : '';
  return `--key ${shellWord(key)} ${log}`;
}

/** The authorities that have accepted a signature. */
function signersOf(
  outcomes: readonly CandidateOutcome[],
  policy: Pick<TrustPolicy, 'signatures'>,
): ReadonlySet<string | undefined> {
  const accepting = outcomes.filter((outcome) => isSignatureAccepted(outcome, policy));
  return new Set(accepting.map(({ authority }) => authority));
}
