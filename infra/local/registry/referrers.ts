import type { Hono } from 'hono';
import { requireDigest } from './digest.ts';
import { REFERRERS_PAGE } from './limits.ts';
import { OCI_INDEX } from './manifest-schema.ts';
import { requireName } from './names.ts';
import { nextLink, pageOf, pageSize } from './paging.ts';
import type { Store, StoredManifest } from './store.ts';

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
