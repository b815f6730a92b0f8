import { describe, expect, it } from 'vitest';
import { isGoogleHost } from '#shared/core/google-host.ts';
import { accessTo } from '#shared/registry/host-access.ts';
import { codeOf } from './scripted-registry.ts';

describe('isGoogleHost()', () => {
  it.each([
    'us-docker.pkg.dev',
    'europe-west4-docker.pkg.dev',
    'asia-docker.pkg.dev',
    'gcr.io',
    'us.gcr.io',
    'eu.gcr.io',
    'asia.gcr.io',
    'marketplace.gcr.io',
  ])('knows %s', (host) => {
    expect(isGoogleHost(host)).toBe(true);
  });

  it.each([
    'pkg.dev',
    '.pkg.dev',
    'us-docker.pkg.dev.evil.test',
    'us-docker.pkg.dev:8443',
    'us-docker.pkg.dev.',
    'a.b.pkg.dev',
    'us-docker.pkg.dev@evil.test',
    'evilpkg.dev',
    'evil-pkg.dev',
    'us-dockerpkg.dev',
    'us-docker.pkgxdev',
    'evilgcr.io',
    'evil.gcr.io',
    'gcr.io.evil.test',
    'gcr.io:443',
    'US.gcr.io',
    '-x.pkg.dev',
    'us-docker.pkg.dev\n',
  ])('does not take %j for Google', (host) => {
    expect(isGoogleHost(host)).toBe(false);
  });
});

describe('accessTo()', () => {
  const rules = [
    { host: '127.0.0.1:5000', plainHttp: true, auth: 'none' },
    { host: 'index.docker.io', plainHttp: false, auth: 'dockerConfig' },
    { host: 'registry.gitlab.test', plainHttp: false, auth: 'none', realms: ['gitlab.test'] },
  ] as const;

  it.each([
    ['us-docker.pkg.dev', 'https', 'google', []],
    ['127.0.0.1:5000', 'http', 'none', []],
    ['index.docker.io', 'https', 'dockerConfig', ['auth.docker.io']],
    ['registry.gitlab.test', 'https', 'none', ['gitlab.test']],
  ] as const)('dials %s by %s with auth %s', (host, scheme, auth, realms) => {
    expect(accessTo(host, rules)).toEqual({ host, scheme, auth, realms });
  });

  it.each(['127.0.0.1', '127.0.0.1:5001', 'ghcr.io', 'x.127.0.0.1:5000'])(
    'refuses %s',
    async (host) => {
      const call = async (): Promise<unknown> => accessTo(host, rules);
      expect(await codeOf(call())).toBe('registry-not-allowed');
      await expect(call()).rejects.toThrow(host);
    },
  );
});
