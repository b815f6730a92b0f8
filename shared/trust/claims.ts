import { type Evidence, type Refusal, refuse } from './candidate.ts';

/**
 * Why the signed claims do not hold what `required` says (`cosign sign -a`); undefined when they do. All must be on
 * one statement subject, each the very same string: `true` is not `"true"`. Attestations have no such claims.
 */
export function findMissingClaim(
  { claims, attestation }: Pick<Evidence, 'claims' | 'attestation'>,
  required: Readonly<Record<string, string>>,
): Refusal | undefined {
  if (attestation !== undefined) return undefined;
  const wanted = Object.entries(required);
  const holds = claims.some((claim) =>
    wanted.every(([name, value]) => Object.hasOwn(claim, name) && claim[name] === value),
  );
  if (holds) return undefined;
  const shown = wanted.map(([name, value]) => `${name}=${value}`).join(', ');
  return refuse('missing-claim', `Signature does not hold the annotations ${shown}`);
}
