import { CountersignError } from '#shared/core/errors.ts';
import type { GetRequest } from './get.ts';

// RFC 8288; OCI distribution 1.1 lists pages by `rel="next"` alone.
const NEXT = /^\s*<([^<>]{1,4096})>\s*;\s*rel="?next"?\s*$/i;

/**
 * The request for the page that follows `request`, as the answer's `Link` header says; undefined after the last. The
 * link is the registry's choice: it may change the query, not the host or the path. Throws `registry-misbehaved`.
 */
export function nextPage(request: GetRequest, link: string | null): GetRequest | undefined {
  if (link === null) return undefined;
  const base = new URL(`https://${request.host}/v2/${request.path}/${request.resource}`);
  const target = URL.parse(NEXT.exec(link)?.[1] ?? 'none:', base.href);
  // Registries behind a proxy write http:// for themselves; the scheme is ours to choose anyway.
  if (target?.host !== base.host || target.pathname !== base.pathname) {
    throw new CountersignError(
      'registry-misbehaved',
      `Registry ${request.host} continues a list at another place`,
    );
  }
  const resource = request.resource.replace(/\?.*$/s, '');
  return { ...request, resource: `${resource}${target.search}` };
}
