import type { Digest } from '#shared/core/digest.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import type { SigningKey, SimRegistry } from '#test/faults/sim/registry.ts';

/** Trust policies that the config of a history may have, one at a time. */
export const POLICIES = ['release key', 'either key', 'next key', 'release key, attested'] as const;

export type PolicyName = (typeof POLICIES)[number];

interface Asks {
  readonly keys: readonly SigningKey[];
  readonly attested: boolean;
}

const ASKS: Readonly<Record<PolicyName, Asks>> = {
  'release key': { keys: ['release'], attested: false },
  'either key': { keys: ['release', 'next'], attested: false },
  'next key': { keys: ['next'], attested: false },
  'release key, attested': { keys: ['release'], attested: true },
};

/** The policy of every image, which the config gives another content now and then. */
export interface TrustOfWorld {
  readonly policies: ReadonlyMap<string, TrustPolicy>;
  readonly judge: (repository: string, digests: readonly Digest[]) => Verdict;
  now(): PolicyName;
  hash(): string;
  change(to: PolicyName): void;
}

const NAME = 'release';

export function createTrust(registry: Pick<SimRegistry, 'signatures'>): TrustOfWorld {
  let current: PolicyName = POLICIES[0];
  const policies = new Map<string, TrustPolicy>([[NAME, policyOf(current)]]);
  return {
    policies,
    now: () => current,
    hash: () => policyOf(current).hash,
    change(to) {
      current = to;
      policies.set(NAME, policyOf(to));
    },
    judge(repository, digests) {
      const found = digests.flatMap((digest) => registry.signatures(repository, digest));
      return verdictOf(
        found.map(({ key }) => key),
        ASKS[current],
      );
    },
  };
}

function verdictOf(found: readonly SigningKey[], { keys, attested }: Asks): Verdict {
  const signatures = found.filter((key) => key !== 'attestation');
  const signed = signatures.some((key) => keys.includes(key));
  const missing = attested && !found.includes('attestation');
  if (signed && !missing) {
    return { status: 'verified', authorities: ['release-key'], candidates: [] };
  }
  const vouched = signed || (attested && !missing);
  if (vouched) {
    const more = signed ? 'an attestation' : 'a signature';
    return { status: 'incomplete', candidates: [], missing: [more] };
  }
  if (signatures.length === 0) return { status: 'unsigned' };
  const candidate = { source: 'sha256:s', format: 'legacy', reason: 'wrong-key' } as const;
  return { status: 'untrusted', candidates: [candidate] };
}

function policyOf(name: PolicyName): TrustPolicy {
  return {
    name: NAME,
    hash: `sha256:${`${POLICIES.indexOf(name) + 1}`.repeat(64)}`,
    require: 1,
    authorities: [],
    format: 'any',
    attestations: [],
    allowUnsigned: false,
  };
}
