import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { parseJson } from '#shared/net/json.ts';
import { RegistryError } from './errors.ts';
import { requireDigest } from './request.ts';
import type { Referrer, Repository } from './store.ts';

/**
 * Reads a pushed manifest as its media type says, and requires what it names to be in the repository; `subject` need
 * not be (OCI distribution 1.1, section "Pushing Manifests with Subject"). Throws MANIFEST_INVALID,
 * MANIFEST_BLOB_UNKNOWN.
 */
export function checkManifest(
  repository: Repository | undefined,
  pushed: { bytes: Uint8Array; contentType: string | undefined },
): { mediaType: string; referrer?: Referrer } {
  const json = parseJson(pushed.bytes);
  if (json === undefined) throw invalid('Manifest must be JSON');
  const mediaType = agreeOnMediaType(pushed.contentType, json);
  const body = readAs(MANIFEST_KINDS[mediaType], json);
  for (const { digest, held } of children(body, repository)) {
    if (held) continue;
    throw new RegistryError('MANIFEST_BLOB_UNKNOWN', 'Push what a manifest names before it', {
      digest,
    });
  }
  return defined({ mediaType, referrer: describeReferrer(body) });
}

/** Header and body must not disagree: clients trust either. */
function agreeOnMediaType(contentType: string | undefined, json: unknown): string {
  const header = contentType?.split(';', 1)[0]?.trim();
  const hasOwn = typeof json === 'object' && json !== null && 'mediaType' in json;
  const own = hasOwn && typeof json.mediaType === 'string' ? json.mediaType : undefined;
  if (header && own !== undefined && header !== own) {
    throw invalid(`Content-Type "${header}" must be the manifest's mediaType "${own}"`);
  }
  return header || own || '';
}

function readAs(kind: 'image' | 'index' | undefined, json: unknown): ImageManifest | ImageIndex {
  if (kind === undefined) throw invalid('Content-Type must be an OCI or Docker schema 2 manifest');
  const parsed = (kind === 'image' ? imageManifest : imageIndex).safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(`Manifest field "${issue?.path.join('.')}": ${issue?.message}`);
}

function children(
  body: ImageManifest | ImageIndex,
  repository: Repository | undefined,
): { digest: string; held: boolean }[] {
  if ('manifests' in body) {
    return body.manifests.map(({ digest }) => {
      return { digest, held: repository?.manifests.has(digest) === true };
    });
  }
  return [body.config, ...body.layers]
    .filter(({ urls = [] }) => urls.length === 0)
    .map(({ digest }) => ({ digest, held: repository?.blobs.has(digest) === true }));
}

/** OCI distribution 1.1, "Listing Referrers": an image without an artifactType is listed under its config's media type. */
function describeReferrer(body: ImageManifest | ImageIndex): Referrer | undefined {
  if (body.subject === undefined) return undefined;
  const fallback = 'config' in body ? body.config.mediaType : undefined;
  const artifactType = body.artifactType || fallback;
  const { annotations, subject } = body;
  return defined({ subject: requireDigest(subject.digest), artifactType, annotations });
}

function invalid(message: string): RegistryError {
  return new RegistryError('MANIFEST_INVALID', message);
}

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';

const descriptor = z.object({
  mediaType: z.string(),
  digest: z.string(),
  size: z.int().nonnegative(),
  /** Content that lives elsewhere ("foreign layers") need not be pushed. */
  urls: z.array(z.string()).optional(),
});

const common = {
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  subject: descriptor.optional(),
  annotations: z.record(z.string(), z.string()).optional(),
};

/** An image: what is written is the pusher's word, apart from the blobs, which must be there. */
const imageManifest = z.object({
  ...common,
  config: descriptor,
  layers: z.array(descriptor),
});

/** An index, or Docker's manifest list. */
const imageIndex = z.object({ ...common, manifests: z.array(descriptor) });

type ImageManifest = z.infer<typeof imageManifest>;
type ImageIndex = z.infer<typeof imageIndex>;

/** Media types this registry takes, and the kind of body each has. Schema 1 is not among them, as at Artifact Registry. */
const MANIFEST_KINDS: Readonly<Record<string, 'image' | 'index'>> = {
  [OCI_MANIFEST]: 'image',
  [DOCKER_MANIFEST]: 'image',
  [OCI_INDEX]: 'index',
  [DOCKER_LIST]: 'index',
};
