import type { Context, Hono } from 'hono';
import { checkManifest } from './check-manifest.ts';
import { RegistryError } from './errors.ts';
import {
  readBody,
  digestOf,
  type ManifestReference,
  parseManifestReference,
  requireName,
} from './request.ts';
import type { Store } from './store.ts';

/** OCI distribution 1.1, section "Pushing Manifests": at least 4 MiB must be taken; real registries stop there. */
export const MANIFEST_LIMIT = 4 * 1024 * 1024;

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
        digest: reference.digest,
      });
    }
    const checked = checkManifest(store.find(name), { bytes, contentType });
    const { manifests, tags } = store.open(name);
    if (!manifests.has(digest)) store.reserve(bytes.byteLength);
    // The media type is the one of the last push, as the same bytes can be pushed under two.
    manifests.set(digest, { ...checked, digest, bytes });
    const tag = 'tag' in reference ? reference.tag : undefined;
    if (tag !== undefined) tags.set(tag, digest);
    const full = `${deps.host}/${name}`;
    const named = tag === undefined ? {} : { tag: `${full}:${tag}` };
    deps.announce({ action: 'INSERT', digest: `${full}@${digest}`, ...named });
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

function target(c: ManifestContext): { name: string; reference: ManifestReference } {
  const name = requireName(c.req.param('name'));
  return { name, reference: parseManifestReference(c.req.param('reference')) };
}

function findManifest(c: ManifestContext, store: Store) {
  const { name, reference } = target(c);
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
