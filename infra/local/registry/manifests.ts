import type { Context, Hono } from 'hono';
import { checkManifest } from './check-manifest.ts';
import { RegistryError } from './errors.ts';
import { MANIFEST_LIMIT } from './limits.ts';
import {
  readBody,
  digestOf,
  type ManifestReference,
  parseManifestReference,
  requireName,
} from './request.ts';
import type { Repository, Store, StoredManifest } from './store.ts';

const MANIFEST = '/v2/:name{.+}/manifests/:reference';

interface ManifestDeps {
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
    const bytes = await readBody(c.req.raw, MANIFEST_LIMIT);
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
      // OCI distribution 1.1: shows the client that the referrers list is kept here, so it writes no fallback tag.
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

/**
 * What Artifact Registry publishes to topic `gcr`, one message per manifest written or deleted, with full references
 * for values (docs/facts/google-cloud.md#notifications-of-artifact-registry).
 */
export type Notification =
  | { readonly action: 'INSERT'; readonly digest: string; readonly tag?: string }
  | { readonly action: 'DELETE'; readonly tag: string }
  | { readonly action: 'DELETE'; readonly digest: string };

/** A manifest was pushed: by digest, or by tag (also when the tag pointed to it before). */
function pushed(repository: string, digest: string, tag?: string): Notification {
  const reference = `${repository}@${digest}`;
  if (tag === undefined) return { action: 'INSERT', digest: reference };
  return { action: 'INSERT', digest: reference, tag: `${repository}:${tag}` };
}

/** A tag was deleted; its manifest stays. */
function tagDeleted(repository: string, tag: string): Notification {
  return { action: 'DELETE', tag: `${repository}:${tag}` };
}

/** A manifest was deleted. */
function manifestDeleted(repository: string, digest: string): Notification {
  return { action: 'DELETE', digest: `${repository}@${digest}` };
}

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
