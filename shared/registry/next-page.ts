import { CountersignError } from '#shared/core/errors.ts';
import type { GetRequest } from './get.ts';

// RFC 8288: links with parameters, by commas; OCI distribution 1.1 lists pages by `rel="next"` alone.
const LINK =
  /\s*<([^<>]{1,4096})>((?:\s*;\s*[\w*-]{1,64}(?:\s*=\s*(?:"[^"]{0,1024}"|[^\s",;]{1,1024}))?){0,8})\s*(?:,|$)/y;
const REL = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]+))/i;
const MAX_LINKS = 16;
const NO_ADDRESS = 'none:';

/**
 * The request for the page that follows `request`, as the answer's `Link` header says; undefined after the last. The
 * link is the registry's choice: it may change the query, not the host or the path. Throws `registry-misbehaved`.
 */
export function nextPage(request: GetRequest, link: string | null): GetRequest | undefined {
  if (link === null) return undefined;
  const next = nextLink(link);
  if (next === undefined) return undefined;
  const base = new URL(`https://${request.host}/v2/${request.path}/${request.resource}`);
  const target = URL.parse(next, base.href);
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

/** The one link to the next page; undefined where all are of other relations, no address where that is not clear. */
function nextLink(header: string): string | undefined {
  const next: string[] = [];
  LINK.lastIndex = 0;
  for (let count = 0; LINK.lastIndex < header.length; count += 1) {
    const [, address = '', parameters = ''] = LINK.exec(header) ?? [];
    if (address === '' || count === MAX_LINKS) return NO_ADDRESS;
    const [, quoted, bare] = REL.exec(parameters) ?? [];
    const relation = quoted ?? bare;
    if (relation === undefined) return NO_ADDRESS;
    if (relation.toLowerCase().split(/\s+/).includes('next')) next.push(address);
  }
  return next.length > 1 ? NO_ADDRESS : next[0];
}
