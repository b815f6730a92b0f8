import { createHash } from 'node:crypto';
import type { Digest } from '#shared/core/digest.ts';
import { defined } from '#shared/core/defined.ts';
import type { Authority, KeySource, TrustedRootSource, TrustPolicy } from '#shared/core/policy.ts';
import { canonicalJson } from '#shared/net/json.ts';
import { readPublicKey } from './public-key.ts';

/**
 * `sha256:<hex>` over everything of a policy that decides, so not its name: key bytes instead of their PEM text, JSON
 * instead of its spelling. Part of cache keys and receipts: what changes it makes every approval be judged again.
 */
export function hashPolicy(policy: Omit<TrustPolicy, 'hash'>): Digest {
  const { name: _, authorities, ...rest } = policy;
  const decides = { ...rest, authorities: authorities.map(hashable) };
  return `sha256:${createHash('sha256').update(canonicalJson(decides)).digest('hex')}`;
}

/** What distinguishes one authority from another, whatever its name: the key's bytes, or the keyless identity. */
export function fingerprint(authority: Authority): string {
  if (authority.type === 'key') return canonicalJson(hashableKey(authority.key));
  if (authority.type === 'certificate') {
    const { roots, subject } = authority;
    return canonicalJson({ roots, subject });
  }
  const { issuer, subject, claims } = authority;
  return canonicalJson({ issuer, subject, claims });
}

function hashable(authority: Authority): unknown {
  const { trustedRoot } = authority;
  const root = defined({ trustedRoot: trustedRoot && hashableRoot(trustedRoot) });
  if (authority.type !== 'key') return { ...authority, ...root };
  const { key } = authority;
  const { hash } = { hash: undefined, ...key };
  return { ...authority, key: { ...hashableKey(key), ...defined({ hash }) }, ...root };
}

/** Without its hash: one key under two hashes is one signer. */
function hashableKey(source: KeySource): object {
  if ('kms' in source) return source;
  const key = readPublicKey(source.pem);
  return { spki: 'der' in key ? key.der.toString('base64') : source.pem };
}

function hashableRoot(root: TrustedRootSource): unknown {
  return root === 'public-good' || 'tuf' in root ? root : { json: JSON.parse(root.json) };
}
