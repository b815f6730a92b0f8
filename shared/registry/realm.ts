import { CountersignError } from '#shared/core/errors.ts';
import type { Challenge } from './challenge.ts';
import type { HostAccess } from './host-access.ts';

const MAX_SERVICE = 256;

/**
 * Where a token for `scope` is asked for: the challenge's realm, if it is the registry's own host or one that its
 * entry lists. The realm is the registry's choice, and credentials go there (signatures.md section 4, case 35).
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
