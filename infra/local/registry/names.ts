import { isDigest, requireDigest } from './digest.ts';
import { RegistryError } from './errors.ts';
import { NAME_LIMIT } from './limits.ts';

// OCI distribution 1.1, section "Pulling manifests": the grammars of <name> and of a tag.
const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/** A manifest's place in a repository. */
export type ManifestReference = { readonly digest: string } | { readonly tag: string };

/** `name` when it is a repository name; NAME_INVALID otherwise. */
export function requireName(name: string): string {
  if (name.length <= NAME_LIMIT && NAME.test(name)) return name;
  throw new RegistryError('NAME_INVALID', 'Repository name must be lower-case path segments', {
    detail: { name },
  });
}

/** Tells a tag from a digest; what has a colon was meant as a digest. DIGEST_INVALID or MANIFEST_INVALID when neither. */
export function parseManifestReference(text: string): ManifestReference {
  if (isDigest(text)) return { digest: text };
  if (text.includes(':')) return { digest: requireDigest(text) };
  if (TAG.test(text)) return { tag: text };
  throw new RegistryError(
    'MANIFEST_INVALID',
    'Tag must be 1 to 128 letters, digits, ".", "_", "-"',
    {
      detail: { tag: text },
    },
  );
}
