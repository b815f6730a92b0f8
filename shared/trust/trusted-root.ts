import { PublicKeyDetails, TrustedRoot } from '@sigstore/protobuf-specs';
import { toTrustMaterial, type TrustMaterial } from '@sigstore/verify';

import { isRefusal, type Refusal, refuse } from './candidate.ts';
import { parseJson } from './strict-json.ts';
import { type LogJson, trustedRootSchema } from './trusted-root-schema.ts';

/** The certificate authorities, logs and timestamp authorities that a policy trusts. */
export type TrustRoot = Omit<TrustMaterial, 'publicKey'>;

/**
 * Builds a root from the JSON text of a `trusted_root.json`. Logs whose kind of key is of a later time are left out,
 * so that a root that grows breaks nobody; any other flaw refuses the whole.
 */
export function buildTrustRoot(text: string): TrustRoot | Refusal {
  const root = parseJson(Buffer.from(text), trustedRootSchema, 'Trusted root');
  if (isRefusal(root)) return root;
  const tlogs = (root.tlogs ?? []).filter(hasKnownKey);
  const ctlogs = (root.ctlogs ?? []).filter(hasKnownKey);
  try {
    return toTrustMaterial(TrustedRoot.fromJSON({ ...root, tlogs, ctlogs }), rejectHint);
  } catch {
    return refuse('malformed', 'Trusted root has a key or certificate that cannot be read');
  }
}

function hasKnownKey({ publicKey }: LogJson): boolean {
  return Object.hasOwn(PublicKeyDetails, publicKey.keyDetails);
}

/** Keys come from the policy, never from a bundle's hint. */
function rejectHint(): never {
  throw new Error('No key is found by its hint');
}
