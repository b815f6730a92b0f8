import type { Context, Hono } from 'hono';
import {
  digestLike,
  type ErrorCode,
  type ManifestReference,
  parseManifestReference,
  readBody,
  RegistryError,
  requireDigest,
  requireName,
} from './request.ts';
import type { Referrer, Repository, Store } from './store.ts';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { parseJson } from '#shared/net/json.ts';

/** OCI distribution 1.1, section "Pushing Manifests": at least 4 MiB must be taken; real registries stop there. */
export const MANIFEST_LIMIT = 4 * 1024 * 1024;

const MANIFEST = '/v2/:name{.+}/manifests/:reference';

interface ManifestDeps {
  readonly store: Store;
  /** `host:port` as references name this registry. */
  readonly host: string;
  readonly announce: (notification: Notification) => void;
  /** An existing tag stays on its manifest. */
  readonly isImmutable?: boolean;
}

/** Manifests by tag or digest: HEAD, GET, PUT, DELETE (OCI distribution 1.1); each write and delete is announced. */
export function addManifestRoutes(app: Hono, deps: ManifestDeps): void {
  const { store } = deps;

  app.get(MANIFEST, (c) => {
    const { manifest } = findManifest(c, store);
    const headers = {
      'content-type': manifest.mediaType,
      'content-length': String(manifest.bytes.byteLength),
      'docker-content-digest': manifest.digest,
    };
    return new Response(manifest.bytes, { headers });
  });

  app.put(MANIFEST, async (c) => {
    const { name, reference } = target(c, 'MANIFEST_INVALID');
    const bytes = await readBody(c.req.raw, MANIFEST_LIMIT);
    const contentType = c.req.header('content-type');
    const digest = digestLike('digest' in reference ? reference.digest : '', bytes);
    if ('digest' in reference && reference.digest !== digest) {
      throw new RegistryError('DIGEST_INVALID', `Manifest has digest ${digest}`, {
        digest: reference.digest,
      });
    }
    const checked = checkManifest(store.find(name), { bytes, contentType });
    const { manifests, tags } = store.open(name);
    const named = 'tag' in reference ? tags.get(reference.tag) : undefined;
    if (deps.isImmutable === true && named !== undefined && named !== digest) {
      throw new RegistryError('DENIED', 'The repository has immutable tags', reference);
    }
    if (!manifests.has(digest)) store.reserve(bytes.byteLength);
    // The media type is the one of the last push, as the same bytes can be pushed under two.
    manifests.set(digest, { ...checked, digest, bytes });
    const tag = 'tag' in reference ? reference.tag : undefined;
    if (tag !== undefined) tags.set(tag, digest);
    const full = `${deps.host}/${name}`;
    const tagged = tag === undefined ? {} : { tag: `${full}:${tag}` };
    deps.announce({ action: 'INSERT', digest: `${full}@${digest}`, ...tagged });
    const { referrer } = checked;
    const headers = {
      location: `/v2/${name}/manifests/${digest}`,
      'docker-content-digest': digest,
      // OCI distribution 1.1: shows the client that the referrers list is kept here, so it writes no fallback tag.
      ...(referrer === undefined ? {} : { 'oci-subject': referrer.subject }),
    };
    return new Response(null, { status: 201, headers });
  });

  app.delete(MANIFEST, (c) => {
    const { name, reference, repository, manifest } = findManifest(c, store);
    const full = `${deps.host}/${name}`;
    const whole = 'digest' in reference;
    for (const [tag, digest] of repository.tags) {
      if (whole ? digest !== manifest.digest : tag !== reference.tag) continue;
      repository.tags.delete(tag);
      deps.announce({ action: 'DELETE', tag: `${full}:${tag}` });
    }
    if (whole) {
      repository.manifests.delete(manifest.digest);
      store.release(manifest.bytes.byteLength);
      deps.announce({ action: 'DELETE', digest: `${full}@${manifest.digest}` });
    }
    return new Response(null, { status: 202 });
  });
}

type ManifestContext = Context<object, typeof MANIFEST>;

function target(
  c: ManifestContext,
  otherwise: ErrorCode,
): { name: string; reference: ManifestReference } {
  const name = requireName(c.req.param('name'));
  return { name, reference: parseManifestReference(c.req.param('reference'), otherwise) };
}

function findManifest(c: ManifestContext, store: Store) {
  // OCI distribution 1.1, section "Pulling manifests": what cannot be there is not there.
  const { name, reference } = target(c, 'MANIFEST_UNKNOWN');
  const repository = store.find(name);
  const digest = 'tag' in reference ? repository?.tags.get(reference.tag) : reference.digest;
  const manifest = repository?.manifests.get(digest ?? '');
  if (repository !== undefined && manifest !== undefined) {
    return { name, reference, repository, manifest };
  }
  throw new RegistryError('MANIFEST_UNKNOWN', `Manifest is not in repository "${name}"`, reference);
}

/**
 * What Artifact Registry publishes to topic `gcr`, one message per manifest written or deleted, with full references
 * for values (docs/facts/google-cloud.md#notifications-of-artifact-registry).
 */
export type Notification =
  | { readonly action: 'INSERT'; readonly digest: string; readonly tag?: string }
  | { readonly action: 'DELETE'; readonly tag: string }
  | { readonly action: 'DELETE'; readonly digest: string };

/**
 * Hands notifications over; a push neither waits for that nor fails by it, as at Artifact Registry.
 *
 * @example const announce = createAnnouncer({ notify, onError });
 */
export function createAnnouncer(deps: {
  notify: (notification: Notification) => Promise<void>;
  onError: (error: unknown) => void;
}): (notification: Notification) => void {
  return (notification) => {
    // A promise of our own, so that a `notify` that throws at once is reported like one that rejects.
    void Promise.resolve(notification).then(deps.notify).catch(deps.onError);
  };
}

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
  const own = hasOwn && typeof json.mediaType === 'string' ? json.mediaType : '';
  if (header && own && header !== own) {
    throw invalid(`Content-Type "${header}" must be the manifest's mediaType "${own}"`);
  }
  return header || own;
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

/** A field that may be absent, or `null`: to Go, in which registries are written, that is the same. */
function optional<Field extends z.ZodType>(field: Field) {
  return field.nullish().transform((given) => given ?? undefined);
}

/** A list as Go writes it, where an empty one may be `null`. */
function written<List extends z.ZodArray>(list: List) {
  return list.nullable().transform((given) => given ?? []);
}

const descriptor = z.object({
  mediaType: z.string(),
  digest: z.string(),
  size: z.int().nonnegative(),
  /** Content that lives elsewhere ("foreign layers") need not be pushed. */
  urls: optional(z.array(z.string())),
});

const common = {
  schemaVersion: z.literal(2),
  mediaType: optional(z.string()),
  artifactType: optional(z.string()),
  subject: optional(descriptor),
  annotations: optional(z.record(z.string(), z.string())),
};

/** An image: what is written is the pusher's word, apart from the blobs, which must be there. */
const imageManifest = z.object({
  ...common,
  config: descriptor,
  layers: written(z.array(descriptor)),
});

/** An index, or Docker's manifest list. */
const imageIndex = z.object({ ...common, manifests: written(z.array(descriptor)) });

type ImageManifest = z.infer<typeof imageManifest>;
type ImageIndex = z.infer<typeof imageIndex>;

/** Media types this registry takes, and the kind of body each has. Schema 1 is not among them, as at Artifact Registry. */
const MANIFEST_KINDS: Readonly<Record<string, 'image' | 'index'>> = {
  [OCI_MANIFEST]: 'image',
  [DOCKER_MANIFEST]: 'image',
  [OCI_INDEX]: 'index',
  [DOCKER_LIST]: 'index',
};
