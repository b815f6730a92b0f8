import type { Get, GetRequest } from './get.ts';
import type { RegistryLimits } from './limits.ts';
import { type Answer, misbehaved } from './send.ts';

export interface PagesDeps {
  readonly get: Get;
  readonly limits: Pick<RegistryLimits, 'pages' | 'entries'>;
}

/** What is on the pages of a list, as far as they were read. */
export interface Pages<T> {
  /** Undefined where the first page is absent. */
  readonly entries: readonly T[] | undefined;
  /** False where there is more than was read, or a later page is absent. */
  readonly complete: boolean;
}

/**
 * Reads the pages of a list, from `first` on, up to the limits. `read` gives the entries of one page (`page` counts
 * from 0), or undefined where that page is absent. Throws what `get` and `read` throw, and `registry-misbehaved` for a
 * link to another place.
 */
export async function listPages<T>(
  { get, limits }: PagesDeps,
  first: GetRequest,
  read: (answer: Answer, page: number, request: GetRequest) => readonly T[] | undefined,
): Promise<Pages<T>> {
  const found: T[] = [];
  let request: GetRequest | undefined = first;
  for (let page = 0; request !== undefined; page += 1) {
    if (page === limits.pages || found.length >= limits.entries) break;
    const answer: Answer = await get(request);
    const entries = read(answer, page, request);
    if (entries === undefined)
      return { entries: page > 0 ? found : undefined, complete: page === 0 };
    found.push(...entries);
    request = nextPage(request, answer.headers.get('link'));
  }
  const complete = request === undefined && found.length <= limits.entries;
  return { entries: found.slice(0, limits.entries), complete };
}

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
function nextPage(request: GetRequest, link: string | null): GetRequest | undefined {
  const next = nextLink(link ?? '');
  if (next === undefined) return undefined;
  const base = new URL(`https://${request.host}/v2/${request.path}/${request.resource}`);
  const target = URL.parse(next, base.href);
  // Registries behind a proxy write http:// for themselves; the scheme is ours to choose anyway.
  if (target?.host !== base.host || target.pathname !== base.pathname) {
    throw misbehaved(`Registry ${request.host}`, 'continues a list at another place');
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
