import { CountersignError } from '#shared/core/errors.ts';
import type { HostAccess } from './host-access.ts';

/** One challenge of a `WWW-Authenticate` header; scheme and parameter names in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly params: ReadonlyMap<string, string>;
}

interface Cursor {
  readonly text: string;
  at: number;
}

const MAX_HEADER = 4096;
// RFC 9110, sections 5.6.2 (token), 5.6.4 (quoted-string) and 11.2 (token68), each taken at the cursor.
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;
const EQUALS = /[ \t]*=[ \t]*/y;
const SPACE = /[ \t]+/y;
const COMMAS = /[ \t,]*/y;

/**
 * Reads a `WWW-Authenticate` header (several headers joined by commas, as `Headers.get` does): RFC 9110, section
 * 11.6.1. Undefined when any of it is malformed or a parameter is given twice: credentials never follow a guess.
 */
export function parseChallenges(header: string): readonly Challenge[] | undefined {
  if (header.length > MAX_HEADER) return undefined;
  const cursor: Cursor = { text: header, at: 0 };
  const challenges: Challenge[] = [];
  for (;;) {
    take(cursor, COMMAS);
    if (cursor.at === header.length) return challenges;
    const scheme = take(cursor, TOKEN);
    if (scheme === undefined) return undefined;
    const params = takeParams(cursor);
    if (params === undefined) return undefined;
    challenges.push({ scheme: scheme.toLowerCase(), params });
  }
}

function takeParams(cursor: Cursor): Map<string, string> | undefined {
  const params = new Map<string, string>();
  if (take(cursor, SPACE) === undefined) return atBoundary(cursor) ? params : undefined;
  if (take(cursor, TOKEN68) !== undefined) return params;
  for (;;) {
    const start = cursor.at;
    const name = take(cursor, TOKEN)?.toLowerCase();
    if (name === undefined || take(cursor, EQUALS) === undefined) {
      cursor.at = start;
      return params;
    }
    const value = takeQuoted(cursor) ?? take(cursor, TOKEN);
    if (value === undefined || params.has(name)) return undefined;
    params.set(name, value);
    take(cursor, SPACE);
    if (!atBoundary(cursor)) return undefined;
    take(cursor, COMMAS);
  }
}

function takeQuoted(cursor: Cursor): string | undefined {
  const quoted = take(cursor, QUOTED);
  return quoted?.slice(1, -1).replace(/\\(.)/g, '$1');
}

function atBoundary(cursor: Cursor): boolean {
  return cursor.at === cursor.text.length || cursor.text[cursor.at] === ',';
}

function take(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text)?.[0];
  if (found !== undefined) cursor.at += found.length;
  return found;
}

const MAX_SERVICE = 256;

/**
 * Where a token for `scope` is asked for: the challenge's realm, if it is the registry's own host or one that its
 * entry lists. The realm is the registry's choice, and credentials go there (docs/threat-model.md, attack 35).
 * Throws `registry-not-allowed`, or `registry-misbehaved` for what is no address.
 */
export function tokenUrl(access: HostAccess, challenge: Challenge, scope: string): URL {
  const realm = URL.parse(challenge.params.get('realm') ?? '');
  const service = challenge.params.get('service');
  if (realm === null || (service?.length ?? 0) > MAX_SERVICE) {
    throw new CountersignError(
      'registry-misbehaved',
      `Registry ${access.host} asks for a token without saying where`,
    );
  }
  const own = new URL(`${access.scheme}://${access.host}`);
  const trusted =
    realm.origin === own.origin ||
    (realm.protocol === 'https:' && [own.host, ...access.realms].includes(realm.host));
  if (!trusted || realm.username !== '' || realm.password !== '') {
    throw new CountersignError(
      'registry-not-allowed',
      `Registry ${access.host} asks for a token from ${realm.protocol}//${realm.host}: add that host to "realms" of its entry in "registries" if that is meant`,
    );
  }
  if (service !== undefined) realm.searchParams.set('service', service);
  realm.searchParams.set('scope', scope);
  realm.hash = '';
  return realm;
}
