import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { contextFaults, readContext } from '#shared/fleet/kubeconfig/read-context.ts';
import { readKubeconfig } from '#shared/fleet/kubeconfig/read-kubeconfig.ts';
import type { Kubeconfig } from '#shared/fleet/kubeconfig/schema.ts';

const SERVER = 'https://api.test:6443';
const V1 = 'client.authentication.k8s.io/v1';
const CA = Buffer.from('ca').toString('base64');

function kubeconfig(
  cluster: Record<string, unknown>,
  user: Record<string, unknown> = {},
  context: Record<string, unknown> = { cluster: 'k', user: 'u' },
): Kubeconfig {
  const text = stringify({
    clusters: [{ name: 'k', cluster }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'c', context }],
  });
  return readKubeconfig('/etc/kubeconfig', text);
}

function plugin(fields: Record<string, unknown>): Record<string, unknown> {
  return { exec: { command: 'p', apiVersion: V1, interactiveMode: 'Never', ...fields } };
}

describe('a context', () => {
  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['fields that kubectl does not know', { server: SERVER, foo: 1 }, { bar: 1 }],
    ['fields that are null', { server: SERVER, 'proxy-url': null }, { token: null, exec: null }],
    ['a key without a certificate', { server: SERVER }, { 'client-key': 'k' }],
    [
      'http, where that is meant',
      { server: 'http://a.test', 'insecure-skip-tls-verify': true },
      {},
    ],
    [
      'an older plugin',
      { server: SERVER },
      plugin({ apiVersion: `${V1}beta1`, interactiveMode: '' }),
    ],
  ])('may have %s', (_, cluster, user) => {
    expect(contextFaults(kubeconfig(cluster, user), 'c')).toEqual([]);
    expect(readContext(kubeconfig(cluster, user), 'c').user?.name).toBe('u');
  });

  it('may have no user', () => {
    expect(readContext(kubeconfig({ server: SERVER }, {}, { cluster: 'k' }), 'c').user).toBe(
      undefined,
    );
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>?]>([
    ['server is missing', {}],
    ['server is not an address', { server: 'api.test:6443' }],
    ['server has credentials', { server: 'https://a:b@api.test' }],
    ['server is http', { server: 'http://api.test' }],
    [
      'certificate-authority and',
      { server: SERVER, 'certificate-authority': 'a', 'certificate-authority-data': CA },
    ],
    [
      'insecure-skip-tls-verify is set',
      { server: SERVER, 'insecure-skip-tls-verify': true, 'certificate-authority': 'a' },
    ],
    ['proxy-url is no', { server: SERVER, 'proxy-url': 'ftp://proxy' }],
    ['username and password', { server: SERVER }, { token: 't', username: 'u' }],
    ['username and password', { server: SERVER }, { tokenFile: 't', password: 'u' }],
    [
      'client-certificate and',
      { server: SERVER },
      { 'client-certificate': 'a', 'client-certificate-data': CA, 'client-key': 'k' },
    ],
    [
      'client-key and',
      { server: SERVER },
      { 'client-certificate': 'a', 'client-key': 'k', 'client-key-data': CA },
    ],
    ['client-certificate is there without', { server: SERVER }, { 'client-certificate': 'a' }],
    ['auth-provider "oidc"', { server: SERVER }, { 'auth-provider': { name: 'oidc' } }],
    ['auth-provider "tokenFile"', { server: SERVER }, { 'auth-provider': { name: 'tokenFile' } }],
    ['exec.command is missing', { server: SERVER }, plugin({ command: '' })],
    ['exec.apiVersion', { server: SERVER }, plugin({ apiVersion: `${V1}alpha1` })],
    ['exec.env', { server: SERVER }, plugin({ env: [{ value: 'x' }] })],
    ['exec.interactiveMode is missing', { server: SERVER }, plugin({ interactiveMode: null })],
    ['exec.interactiveMode is unknown', { server: SERVER }, plugin({ interactiveMode: 'never' })],
    ['exec.interactiveMode is Always', { server: SERVER }, plugin({ interactiveMode: 'Always' })],
    ['as-uid, as-groups', { server: SERVER }, { 'as-groups': ['g'] }],
    ['as-uid, as-groups', { server: SERVER }, { 'as-user-extra': { a: ['b'] } }],
    ['token has a line break', { server: SERVER }, { token: 'a\nb' }],
    ['as-groups has a line break', { server: SERVER }, { as: 'a', 'as-groups': ['g\r\nX: y'] }],
  ])('is refused where %s', (fault, cluster, user = {}) => {
    const config = kubeconfig(cluster, user);
    expect(contextFaults(config, 'c')).toEqual([
      expect.stringMatching(`^(?:cluster "k"|user "u"): ${fault}`),
    ]);
    expect(() => readContext(config, 'c')).toThrow(
      expect.objectContaining({
        code: 'cluster-unreachable',
        retry: false,
        message: expect.stringContaining(fault),
      }),
    );
  });

  it.each<[string, Record<string, unknown>]>([
    ['it names no cluster', { user: 'u' }],
    ['it names cluster "x"', { cluster: 'x', user: 'u' }],
    ['it names user "x"', { cluster: 'k', user: 'x' }],
  ])('is refused where %s', (fault, context) => {
    const [first] = contextFaults(kubeconfig({ server: SERVER }, {}, context), 'c');
    expect(first).toContain(fault);
  });

  it('has all that is wrong with it reported at once', () => {
    const config = kubeconfig({ 'proxy-url': 'x' }, { token: 't', username: 'u' });
    expect(contextFaults(config, 'c')).toHaveLength(3);
  });
});
