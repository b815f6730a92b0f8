import type { Hono } from 'hono';
import { RegistryError } from './errors.ts';
import { TAGS_PAGE, REFERRERS_PAGE } from './limits.ts';
import { OCI_INDEX } from './check-manifest.ts';
import { requireName, requireDigest } from './request.ts';
import type { Store, StoredManifest } from './store.ts';

/** Tags of a repository in pages (OCI distribution 1.1, section "Listing Tags"). */
export function addTagRoutes(app: Hono, store: Store): void {
  app.get('/v2/:name{.+}/tags/list', (c) => {
    const name = requireName(c.req.param('name'));
    const repository = store.find(name);
    if (repository === undefined) {
      throw new RegistryError('NAME_UNKNOWN', 'Repository is unknown', { detail: { name } });
    }
    const count = pageSize(c.req.query('n'), TAGS_PAGE);
    const page = { last: c.req.query('last'), count };
    const { items, more } = pageOf(repository.tags.keys(), (tag) => tag, page);
    const last = items.at(-1);
    if (more && last !== undefined) {
      c.header('link', nextLink(`/v2/${name}/tags/list`, { n: String(count), last }));
    }
    return c.json({ name, tags: items });
  });
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
    const all = [...(store.find(name)?.manifests.values() ?? [])].filter(({ referrer }) => {
      if (referrer?.subject !== subject) return false;
      return artifactType === undefined || referrer.artifactType === artifactType;
    });
    const count = pageSize(n, REFERRERS_PAGE);
    const page = pageOf(all, ({ digest }) => digest, { last, count });
    if (artifactType !== undefined) c.header('oci-filters-applied', 'artifactType');
    const end = page.items.at(-1)?.digest;
    if (page.more && end !== undefined) {
      const filter = artifactType === undefined ? {} : { artifactType };
      const query = { ...filter, n: String(count), last: end };
      c.header('link', nextLink(`/v2/${name}/referrers/${subject}`, query));
    }
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: page.items.map(describe) };
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

/** One page of a sorted list, and whether there is more. */
interface Page<Item> {
  readonly items: readonly Item[];
  readonly more: boolean;
}

/** The items after `last` by `key`, at most `count`. The list is sorted here, so a deleted cursor loses nothing. */
function pageOf<Item>(
  items: Iterable<Item>,
  key: (item: Item) => string,
  page: { last: string | undefined; count: number },
): Page<Item> {
  const { last, count } = page;
  const sorted = [...items].toSorted((a, b) => compare(key(a), key(b)));
  const rest = last === undefined ? sorted : sorted.filter((item) => key(item) > last);
  return { items: rest.slice(0, count), more: rest.length > count };
}

/** The `Link` header to the next page (RFC 8288), relative to this registry. */
function nextLink(path: string, query: Readonly<Record<string, string>>): string {
  return `<${path}?${new URLSearchParams(query).toString()}>; rel="next"`;
}

/** The client's `n`, at most `limit`; `limit` when there is none or it is no number. */
function pageSize(n: string | undefined, limit: number): number {
  return n !== undefined && /^\d{1,9}$/.test(n) ? Math.min(Number(n), limit) : limit;
}

/** By code unit: the specification wants lexical order, the same on every machine. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
