import type { Get, GetRequest } from './get.ts';
import type { RegistryLimits } from './limits.ts';
import { nextPage } from './next-page.ts';
import type { Answer } from './send.ts';

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
 * Reads the pages of a list, from `first` on, up to the limits. `read` gives the entries of one page (`page` counts from
 * 0), or undefined where that page is absent. Throws what `get` and `read` throw, and `registry-misbehaved` for a link
 * to another place.
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
    if (entries === undefined) {
      return page === 0
        ? { entries: undefined, complete: true }
        : { entries: found, complete: false };
    }
    found.push(...entries);
    request = nextPage(request, answer.headers.get('link'));
  }
  const complete = request === undefined && found.length <= limits.entries;
  return { entries: found.slice(0, limits.entries), complete };
}
