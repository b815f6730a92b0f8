import { describe, expect, it } from 'vitest';
import { gatewayUrl } from '#shared/fleet/hub-fleet.ts';
import { GOOGLE_APIS, emulatedApis } from '#shared/fleet/google-apis.ts';
import { authorizeGoogle } from '#shared/fleet/google-apis.ts';
import { parseMembershipName } from '#shared/fleet/list-memberships.ts';

describe('gatewayUrl()', () => {
  it.each([
    [
      'global',
      true,
      'https://connectgateway.googleapis.com/v1/projects/42/locations/global/gkeMemberships/c1',
    ],
    [
      'global',
      false,
      'https://connectgateway.googleapis.com/v1/projects/42/locations/global/memberships/c1',
    ],
    [
      'us-west1',
      true,
      'https://us-west1-connectgateway.googleapis.com/v1/projects/42/locations/us-west1/gkeMemberships/c1',
    ],
    [
      'northamerica-northeast2',
      false,
      'https://northamerica-northeast2-connectgateway.googleapis.com/v1/projects/42/locations/northamerica-northeast2/memberships/c1',
    ],
  ])('is, in %s (GKE: %s), %s', (location, gke, url) => {
    const place = { project: 'p', location, id: 'c1' };
    expect(gatewayUrl({ place, gke }, '42', GOOGLE_APIS)).toBe(url);
    expect(GOOGLE_APIS.trusts(new URL(url))).toBe(true);
  });
});

describe('where a Google token may go', () => {
  it.each([
    'https://gkehub.googleapis.com/v1/x',
    'https://connectgateway.googleapis.com/v1/x',
    'https://europe-west4-connectgateway.googleapis.com/v1/x',
    'https://cloudresourcemanager.googleapis.com/v3/projects/p',
  ])('includes %s', (url) => {
    expect(GOOGLE_APIS.trusts(new URL(url))).toBe(true);
  });

  it.each([
    'http://gkehub.googleapis.com/',
    'https://gkehub.googleapis.com:8443/',
    'https://gkehub.googleapis.com./',
    'https://user@gkehub.googleapis.com/',
    'https://:secret@gkehub.googleapis.com/',
    'https://gkehub.googleapis.com.evil.example/',
    'https://evil-gkehub.googleapis.com/',
    'https://storage.googleapis.com/',
    'https://evil.example/gkehub.googleapis.com',
    'https://a.b-connectgateway.googleapis.com/',
    'https://-connectgateway.googleapis.com/',
    'https://us-west1-connectgateway.googleapis.com.evil.example/',
    'https://us-west1-connectgateway.sandbox.googleapis.com/',
    'https://10.0.0.1/',
  ])('excludes %s', async (url) => {
    expect(GOOGLE_APIS.trusts(new URL(url))).toBe(false);
    let asked = 0;
    const googleToken = async (): Promise<string> => {
      asked += 1;
      return 'secret';
    };
    const denied = authorizeGoogle(new URL(url), { apis: GOOGLE_APIS, googleToken });
    await expect(denied).rejects.toMatchObject({ code: 'bad-config' });
    expect(asked).toBe(0);
  });

  it('is, for a fake, its origin alone', () => {
    const { trusts } = emulatedApis('http://127.0.0.1:8086');
    expect(trusts(new URL('http://127.0.0.1:8086/v1/x'))).toBe(true);
    expect(trusts(new URL('http://127.0.0.1:8087/v1/x'))).toBe(false);
    expect(trusts(new URL('https://gkehub.googleapis.com/'))).toBe(false);
  });
});

describe('parseMembershipName()', () => {
  it.each([
    ['projects/p/locations/global/memberships/c1', 'p', 'global', 'c1'],
    ['projects/42/locations/us-west1/memberships/a-b', '42', 'us-west1', 'a-b'],
    ['projects/acme.example:p/locations/global/memberships/1', 'acme.example:p', 'global', '1'],
  ])('reads %s', (name, project, location, id) => {
    expect(parseMembershipName(name)).toEqual({ project, location, id });
  });

  it.each([
    '',
    'c1',
    'projects/p/locations/global/memberships/',
    'projects/p/locations/global/memberships/../../secrets',
    'projects/p/locations/global/memberships/..',
    'projects/p/locations/global/memberships/a%2Fb',
    'projects/p/locations/global/memberships/a?x=y',
    'projects/p/locations/global/memberships/a#x',
    'projects/p/locations/global/memberships/C1',
    'projects/p/locations/global/memberships/c1\n',
    'projects/p/locations/evil.example%2F/memberships/c1',
    'projects/p/locations/evil.example/memberships/c1',
    'projects/p/locations/-/memberships/c1',
    'projects/../locations/global/memberships/c1',
    'projects/p@evil.example/locations/global/memberships/c1',
    '/projects/p/locations/global/memberships/c1',
    '//evil.example/projects/p/locations/global/memberships/c1',
    `projects/p/locations/global/memberships/${'a'.repeat(64)}`,
  ])('refuses %j', (name) => {
    expect(parseMembershipName(name)).toBeUndefined();
  });
});
