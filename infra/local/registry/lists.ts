import type { Hono } from 'hono';
import { defined } from '#shared/core/defined.ts';
import { RegistryError, requireDigest, requireName } from './request.ts';
import { OCI_INDEX } from './manifests.ts';
import type { Store, StoredManifest } from './store.ts';

/** Names in one answer, and the most that a client's `n` can ask for. Own. */
export const NAMES_PAGE = 1_000;

/** Referrers in one answer: the list must stay a manifest that clients accept. Own. */
export const REFERRERS_PAGE = 100;

/** Names of the repositories in pages: no part of the specification, but of what `crane catalog` and `oras repo ls` ask. */
export function addCatalogRoute(app: Hono, store: Store): void {
  app.get('/v2/_catalog', (c) => {
    const { names, link } = pageOfNames(store.names(), '/v2/_catalog', c.req.query());
    if (link !== undefined) c.header('link', link);
    return c.json({ repositories: names });
  });
}

/** Tags of a repository in pages (OCI distribution 1.1, section "Listing Tags"). */
export function addTagRoutes(app: Hono, store: Store): void {
  app.get('/v2/:name{.+}/tags/list', (c) => {
    const name = requireName(c.req.param('name'));
    const repository = store.find(name);
    if (repository === undefined) {
      throw new RegistryError('NAME_UNKNOWN', 'Repository is unknown', { detail: { name } });
    }
    const path = `/v2/${name}/tags/list`;
    const { names, link } = pageOfNames([...repository.tags.keys()], path, c.req.query());
    if (link !== undefined) c.header('link', link);
    return c.json({ name, tags: names });
  });
}

function pageOfNames(
  all: readonly string[],
  path: string,
  { n, last: after }: Readonly<Record<string, string>>,
): { readonly names: readonly string[]; readonly link: string | undefined } {
  const count = pageSize(n, NAMES_PAGE);
  const { keys: names, last } = pageOf(all, { last: after, count });
  return { names, link: last && nextLink(path, { n: String(count), last }) };
}

/**
 * Manifests whose `subject` is a digest, whether or not that digest is here; an index without entries where there are
 * none (OCI distribution 1.1, section "Listing Referrers").
 */
export function addReferrerRoutes(app: Hono, store: Store): void {
  app.get('/v2/:name{.+}/referrers/:digest', (c) => {
    const name = requireName(c.req.param('name'));
    const subject = requireDigest(c.req.param('digest'));
    const { artifactType, last, n } = c.req.query();
    const manifests = store.find(name)?.manifests ?? new Map<string, StoredManifest>();
    const found = [...manifests.values()].filter(
      ({ referrer }) =>
        referrer?.subject === subject &&
        (artifactType === undefined || referrer.artifactType === artifactType),
    );
    const count = pageSize(n, REFERRERS_PAGE);
    const digests = found.map(({ digest }) => digest);
    const page = pageOf(digests, { last, count });
    if (artifactType !== undefined) c.header('oci-filters-applied', 'artifactType');
    if (page.last !== undefined) {
      const query = defined({ artifactType, n: String(count), last: page.last });
      c.header('link', nextLink(`/v2/${name}/referrers/${subject}`, query));
    }
    const shown = page.keys.flatMap((digest) => manifests.get(digest) ?? []).map(describe);
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: shown };
    return c.body(JSON.stringify(index), 200, { 'content-type': OCI_INDEX });
  });
}

function describe(manifest: StoredManifest): object {
  const { digest, mediaType, bytes, referrer } = manifest;
  return {
    mediaType,
    digest,
    size: bytes.byteLength,
    artifactType: referrer?.artifactType,
    annotations: referrer?.annotations,
  };
}

/**
 * The keys after a cursor, at most `count`, and the next cursor where there are more. They are sorted by code unit, in
 * the specification's lexical order, so that a cursor that was deleted loses nothing.
 */
function pageOf(
  all: readonly string[],
  { last = '', count }: { last: string | undefined; count: number },
) {
  const rest = all.toSorted().filter((key) => key > last);
  const keys = rest.slice(0, count);
  return { keys, last: rest.length > count ? keys.at(-1) : undefined };
}

/** The `Link` header to the next page (RFC 8288), relative to this registry. */
function nextLink(path: string, query: Readonly<Record<string, string>>): string {
  return `<${path}?${new URLSearchParams(query).toString()}>; rel="next"`;
}

/** The client's `n`, at most `limit`; `limit` when there is none or it is no number. */
function pageSize(n: string | undefined, limit: number): number {
  return n !== undefined && /^\d{1,9}$/.test(n) ? Math.min(Number(n), limit) : limit;
}
