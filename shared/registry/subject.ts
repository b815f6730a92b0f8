import type { Digest } from '#shared/core/digest.ts';
import { parseJson } from './failure.ts';
import type { Registry } from './registry.ts';
import { subjectSchema } from './schema.ts';

/**
 * The digest that an untagged manifest refers to (OCI image-spec 1.1, `subject`): what a signature signs. Undefined
 * for what refers to nothing, or is gone by now. Throws what the registry throws.
 */
export async function readSubject(
  registry: Pick<Registry, 'manifest'>,
  repository: string,
  digest: Digest,
): Promise<Digest | undefined> {
  const manifest = await registry.manifest(repository, digest);
  if (manifest === undefined) return undefined;
  return subjectSchema.safeParse(parseJson(manifest.bytes)).data?.subject?.digest;
}
