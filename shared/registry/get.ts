import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { repeatsSecret, secretsIn } from '#shared/core/sent-secrets.ts';
import { createRetry } from '#shared/net/retry.ts';
import type { Authorizer } from './authorizer.ts';
import { accessTo, type RegistryRule } from './host-access.ts';
import type { RegistryLimits } from './limits.ts';
import { type Answer, type Ask, failureOf, misbehaved, type Send } from './send.ts';

export interface GetRequest extends Pick<Ask, 'accept' | 'maxBytes' | 'dead'> {
  /** As dialled, and the repository's path within it. */
  readonly host: string;
  readonly path: string;
  /** What follows `/v2/<path>/`: safe in an address, for it is built from parsed references only. */
  readonly resource: string;
  /** Which answers, besides those of status 200 and 404, are for the caller to read; absent: none. */
  readonly isAnswer?: (answer: Answer) => boolean;
  /** Leaves the body unread, and goes on for as long as this allows: until then, an attempt is repeated as ever. */
  readonly unread?: AbortSignal;
}

/** The answer of status 200 or 404, or one that the request takes; every other is thrown as a failure. */
export type Get = (request: GetRequest) => Promise<Answer>;

export interface GetDeps {
  readonly registries: readonly RegistryRule[];
  readonly authorizer: Authorizer;
  readonly send: Send;
  readonly limits: RegistryLimits;
  readonly now: () => Date;
}

const UNAVAILABLE = 'registry-unavailable';

/**
 * An authorised GET below `/v2/`, repeated after `registry-unavailable` and silence.
 *
 * @example
 * const get = createGet({ registries, authorizer, send, limits: DEFAULT_LIMITS, now });
 * const answer = await get({ host, path, resource: 'manifests/v1', accept: ACCEPT_MANIFEST, maxBytes });
 */
export function createGet(deps: GetDeps): Get {
  const { authorizer, limits } = deps;
  const repeat = createRetry(
    { ...limits, wholeMs: limits.requestMs },
    {
      helps: (error) => error instanceof CountersignError && error.code === UNAVAILABLE,
      late: (cause) =>
        new CountersignError(UNAVAILABLE, 'Registry did not answer in time', { cause }),
    },
  );
  return ({ host, path, resource, accept, maxBytes, isAnswer, dead, unread }) =>
    repeat(async (attempt) => {
      const access = accessTo(host, deps.registries);
      const url = new URL(`${access.scheme}://${host}/v2/${path}/${resource}`);
      const { redirects } = limits;
      const ask = {
        url,
        accept,
        maxBytes,
        redirects,
        ...defined({ dead, unread: unread && (true as const) }),
      };
      const signal = unread === undefined ? attempt : AbortSignal.any([unread, attempt]);

      async function sendWith(authorization: string | undefined): Promise<Answer> {
        const answer = await deps.send({ ...ask, authorization }, signal);
        if (authorization === undefined) return answer;
        if (!repeatsSecret(answer, secretsIn({ authorization }))) return answer;
        // No honest registry does that: its manifest or header would show Countersign's credentials to people.
        throw misbehaved(
          `Registry ${host}`,
          'repeats the credentials of the request in its answer',
        );
      }

      const answer = await authorizer.ask({ access, path }, sendWith, attempt);
      if (answer.status === 200 || answer.status === 404) return answer;
      if (isAnswer?.(answer) === true) return answer;
      throw failureOf(answer, `GET ${host}${url.pathname}`, deps.now());
    });
}

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

/** How far the pages of a list were read. */
export interface Walked {
  /** The first page is there. */
  readonly found: boolean;
  /** False where there is more than was read, or a later page is absent. */
  readonly complete: boolean;
}

/**
 * Reads the pages of a list, from `first` on, one in memory at a time: `read` takes what is on one (`page` counts from 0),
 * and says whether it is there and whether to go on. Throws what `get` and `read` throw, and `registry-misbehaved` for a
 * link to another place.
 */
export async function walkPages(
  { get, limits }: { readonly get: Get; readonly limits: Pick<RegistryLimits, 'pages'> },
  first: GetRequest,
  read: (answer: Answer, page: number, request: GetRequest) => 'absent' | 'more' | 'enough',
): Promise<Walked> {
  let request: GetRequest | undefined = first;
  for (let page = 0; request !== undefined; page += 1) {
    if (page === limits.pages) return { found: true, complete: false };
    const answer: Answer = await get(request);
    const outcome = read(answer, page, request);
    if (outcome === 'absent') return { found: page > 0, complete: page === 0 };
    request = nextPage(request, answer.headers.get('link'));
    if (outcome === 'enough') return { found: true, complete: request === undefined };
  }
  return { found: true, complete: true };
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
  const walked = await walkPages({ get, limits }, first, (answer, page, request) => {
    const entries = read(answer, page, request);
    if (entries === undefined) return 'absent';
    found.push(...entries);
    return found.length >= limits.entries ? 'enough' : 'more';
  });
  const complete = walked.complete && found.length <= limits.entries;
  const entries = walked.found ? found.slice(0, limits.entries) : undefined;
  return { entries, complete };
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
  // Registries behind a proxy write http:// for themselves; Countersign chooses the scheme anyway.
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
