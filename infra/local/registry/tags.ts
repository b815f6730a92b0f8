import type { Hono } from 'hono';
import { RegistryError } from './errors.ts';
import { TAGS_PAGE } from './limits.ts';
import { requireName } from './names.ts';
import { nextLink, pageOf, pageSize } from './paging.ts';
import type { Store } from './store.ts';

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
