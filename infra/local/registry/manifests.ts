import type { Context, Hono } from 'hono';
import { joinChunks, readBody } from './body.ts';
import { checkManifest } from './check-manifest.ts';
import { digestOf } from './digest.ts';
import { RegistryError } from './errors.ts';
import { MANIFEST_LIMIT } from './limits.ts';
import { type ManifestReference, parseManifestReference, requireName } from './names.ts';
import { manifestDeleted, type Notification, pushed, tagDeleted } from './notifications.ts';
import type { Repository, Store, StoredManifest } from './store.ts';

const MANIFEST = '/v2/:name{.+}/manifests/:reference';

export interface ManifestDeps {
  readonly store: Store;
  /** `host:port` as references name this registry. */
  readonly host: string;
  readonly announce: (notification: Notification) => void;
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
    const { name, reference } = target(c);
    const bytes = joinChunks(await readBody(c.req.raw, MANIFEST_LIMIT));
    const contentType = c.req.header('content-type');
    const digest = digestOf(bytes);
    if ('digest' in reference && reference.digest !== digest) {
      throw new RegistryError('DIGEST_INVALID', `Manifest has digest ${digest}`, {
        detail: { digest: reference.digest },
      });
    }
    const checked = checkManifest(store.find(name), { bytes, contentType });
    keepManifest(store, store.open(name), { ...checked, digest, bytes });
    const tag = 'tag' in reference ? reference.tag : undefined;
    if (tag !== undefined) store.open(name).tags.set(tag, digest);
    deps.announce(pushed(`${deps.host}/${name}`, digest, tag));
    const { referrer } = checked;
    const headers = {
      location: `/v2/${name}/manifests/${digest}`,
      'docker-content-digest': digest,
      // OCI distribution 1.1: tells the client that the referrers list is kept here, so it writes no fallback tag.
      ...(referrer === undefined ? {} : { 'oci-subject': referrer.subject }),
    };
    return new Response(null, { status: 201, headers });
  });

  app.delete(MANIFEST, (c) => {
    const { name, reference, repository, manifest } = findManifest(c, store);
    const full = `${deps.host}/${name}`;
    if ('tag' in reference) {
      repository.tags.delete(reference.tag);
      deps.announce(tagDeleted(full, reference.tag));
      return new Response(null, { status: 202 });
    }
    for (const [tag, digest] of repository.tags) {
      if (digest !== manifest.digest) continue;
      repository.tags.delete(tag);
      deps.announce(tagDeleted(full, tag));
    }
    repository.manifests.delete(manifest.digest);
    store.release(manifest.bytes.byteLength);
    deps.announce(manifestDeleted(full, manifest.digest));
    return new Response(null, { status: 202 });
  });
}

type ManifestContext = Context<object, typeof MANIFEST>;

function target(c: ManifestContext): { name: string; reference: ManifestReference } {
  const name = requireName(c.req.param('name'));
  return { name, reference: parseManifestReference(c.req.param('reference')) };
}

function findManifest(
  c: ManifestContext,
  store: Store,
): {
  name: string;
  reference: ManifestReference;
  repository: Repository;
  manifest: StoredManifest;
} {
  const { name, reference } = target(c);
  const repository = store.find(name);
  const digest = 'tag' in reference ? repository?.tags.get(reference.tag) : reference.digest;
  const manifest = repository?.manifests.get(digest ?? '');
  if (repository !== undefined && manifest !== undefined) {
    return { name, reference, repository, manifest };
  }
  throw new RegistryError('MANIFEST_UNKNOWN', `Manifest is not in repository "${name}"`, {
    detail: reference,
  });
}

/** The media type is the one of the last push, as the same bytes can be pushed under two. */
function keepManifest(store: Store, repository: Repository, manifest: StoredManifest): void {
  if (!repository.manifests.has(manifest.digest)) store.reserve(manifest.bytes.byteLength);
  repository.manifests.set(manifest.digest, manifest);
}
