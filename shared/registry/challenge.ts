import { CountersignError } from '#shared/core/errors.ts';
import type { HostAccess } from './host-access.ts';
import { misbehaved } from './send.ts';

/** One challenge of a `WWW-Authenticate` header; scheme and parameter names in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly params: ReadonlyMap<string, string>;
}

const MAX_HEADER = 4096;
// RFC 9110, sections 5.6.2 (token), 5.6.4 (quoted-string), 11.2 (token68, auth-param) and 11.6.1 (the list).
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const TOKEN68 = String.raw`[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))`;
const EQUALS = String.raw`[ \t]*=[ \t]*`;
const QUOTED = String.raw`(?:[^"\\]|\\.)*`;
const PARAM = `${TOKEN}${EQUALS}(?:"${QUOTED}"|${TOKEN})`;
const PARAMS = String.raw`${PARAM}(?:[ \t]*,[ \t,]*${PARAM})*`;
const PARTS = new RegExp(`(${TOKEN})${EQUALS}(?:"(${QUOTED})"|(${TOKEN}))`, 'g');
const CHALLENGE = new RegExp(
  String.raw`[ \t,]*(${TOKEN})(?:[ \t]+(?:${TOKEN68}|(${PARAMS}))?)?[ \t]*(?:,[ \t,]*|$)`,
  'y',
);

/**
 * Reads a `WWW-Authenticate` header (several headers joined by commas, as `Headers.get` does): RFC 9110, section
 * 11.6.1. Undefined when any of it is malformed or a parameter is given twice: credentials never follow a guess.
 */
export function parseChallenges(header: string): readonly Challenge[] | undefined {
  if (header.length > MAX_HEADER) return undefined;
  const challenges: Challenge[] = [];
  for (let at = 0; at < header.length; at = CHALLENGE.lastIndex) {
    CHALLENGE.lastIndex = at;
    const [, scheme, list = ''] = CHALLENGE.exec(header) ?? [];
    if (scheme === undefined) return undefined;
    const found = [...list.matchAll(PARTS)];
    const params = new Map(
      found.map(([, name = '', quoted, bare = '']) => [
        name.toLowerCase(),
        quoted?.replaceAll(/\\(.)/g, '$1') ?? bare,
      ]),
    );
    if (params.size < found.length) return undefined;
    challenges.push({ scheme: scheme.toLowerCase(), params });
  }
  return challenges;
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
    throw misbehaved(`Registry ${access.host}`, 'asks for a token without saying where');
  }
  const own = new URL(`${access.scheme}://${access.host}`);
  const trusted =
    realm.origin === own.origin ||
    (realm.protocol === 'https:' && [own.host, ...access.realms].includes(realm.host));
  if (!trusted || realm.username !== '' || realm.password !== '') {
    const message = `Registry ${access.host} asks for a token from ${realm.protocol}//${realm.host}: add that host to "realms" of its entry in "registries" if that is meant`;
    throw new CountersignError('registry-not-allowed', message);
  }
  if (service !== undefined) realm.searchParams.set('service', service);
  realm.searchParams.set('scope', scope);
  realm.hash = '';
  return realm;
}
