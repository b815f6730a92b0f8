import { describe, expect, it } from 'vitest';
import { isPublicAddress } from '#shared/registry/host-access.ts';
import { createAddressGuard } from '#shared/registry/host-access.ts';
import { codeOf } from './scripted-registry.ts';

const PRIVATE = [
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.8',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:a9fe:a9fe',
  '::ffff:10.0.0.1',
  '::127.0.0.1',
  '64:ff9b::a9fe:a9fe',
  'fe80::1',
  'fe80::1%eth0',
  '::ffff:10.0.0.1%eth0',
  '2607:f8b0::1%eth0',
  'fc00::1',
  'fd00:ec2::254',
  'ff02::1',
  '2001:db8::1',
  '2001::1',
  '2002:a9fe:a9fe::1',
  'localhost',
  '',
];

describe('isPublicAddress()', () => {
  it.each(PRIVATE)('refuses %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(['8.8.8.8', '172.32.0.1', '199.36.153.8', '2607:f8b0::1', '::ffff:8.8.8.8'])(
    'accepts %s',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );
});

describe('createAddressGuard()', () => {
  const rule = {
    host: '127.0.0.1:5000',
    plainHttp: true,
    auth: 'none',
    realms: ['t.test'],
  } as const;

  function guard(resolved: readonly string[]): (url: string) => Promise<string> {
    const check = createAddressGuard({
      registries: [rule],
      now: () => new Date(0),
      resolveHost: async () => resolved,
    });
    return (url) => codeOf(check(new URL(url)));
  }

  it.each([
    ['https://a.test/', ['8.8.8.8'], 'none'],
    ['https://a.test/', ['10.0.0.1'], 'registry-not-allowed'],
    ['https://a.test/', ['8.8.8.8', '::1'], 'registry-not-allowed'],
    ['https://a.test/', [], 'registry-unavailable'],
    ['https://t.test/', ['10.0.0.1'], 'none'],
    ['http://127.0.0.1:5000/', [], 'none'],
    ['http://127.0.0.1:5001/', [], 'registry-not-allowed'],
    ['https://0x7f.1/', [], 'registry-not-allowed'],
    ['https://2130706433/', [], 'registry-not-allowed'],
    ['https://[::ffff:169.254.169.254]/', [], 'registry-not-allowed'],
    ['https://8.8.8.8/', [], 'none'],
  ])('answers %s resolved to %j with %s', async (url, resolved, code) => {
    expect(await guard(resolved)(url)).toBe(code);
  });

  it('asks the resolver again after a while, and never remembers a refusal', async () => {
    let now = 0;
    const answers = [['8.8.8.8'], ['10.0.0.1'], ['8.8.8.8']];
    const check = createAddressGuard({
      registries: [],
      now: () => new Date(now),
      resolveHost: async () => answers.shift() ?? [],
    });
    const url = new URL('https://a.test/');
    expect(await codeOf(check(url))).toBe('none');
    expect(await codeOf(check(url))).toBe('none');
    now += 31_000;
    expect(await codeOf(check(url))).toBe('registry-not-allowed');
    expect(await codeOf(check(url))).toBe('none');
    expect(answers).toEqual([]);
  });

  it('takes a failing resolver for an outage', async () => {
    const check = createAddressGuard({
      registries: [],
      now: () => new Date(0),
      resolveHost: () => Promise.reject(new Error('ENOTFOUND')),
    });
    expect(await codeOf(check(new URL('https://a.test/')))).toBe('registry-unavailable');
  });
});
