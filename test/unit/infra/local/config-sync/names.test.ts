import { describe, expect, it } from 'vitest';
import { parseDuration, scaleAttempt, scalePull } from '#infra/local/config-sync/pace.ts';
import { baseUrl, parseImageName } from '#infra/local/config-sync/registry-client.ts';
import {
  imageToSync,
  reconcilerOf,
  type SyncKind,
  userOf,
  specSchema,
} from '#infra/local/config-sync/rsync.ts';
import { describeSource } from '#infra/local/config-sync/status.ts';
import { reconcilerName } from '#test/fixtures/reconciler-name.ts';

const HEX = 'a'.repeat(64);

describe('reconcilerOf()', () => {
  it.each<[SyncKind, string, string, string]>([
    ['RootSync', 'config-management-system', 'root-sync', 'root-reconciler'],
    ['RootSync', 'config-management-system', 'infra', 'root-reconciler-infra'],
    ['RepoSync', 'team-a', 'repo-sync', 'ns-reconciler-team-a'],
    ['RepoSync', 'team-a', 'apps', 'ns-reconciler-team-a-apps-4'],
  ])(
    'names the reconciler of %s %s/%s %s, as shared/core does',
    (kind, namespace, name, wanted) => {
      const ref = { kind, namespace, name };
      expect([reconcilerOf(ref), reconcilerName(ref)]).toEqual([wanted, wanted]);
      expect(userOf(ref)).toBe(`system:serviceaccount:config-management-system:${wanted}`);
    },
  );
});

describe('imageToSync()', () => {
  it.each([
    ['a tag', { oci: { image: 'h/i:v1' } }, HEX, `h/i:v1@sha256:${HEX}`],
    ['neither tag nor digest', { oci: { image: 'h/i' } }, HEX, `h/i@sha256:${HEX}`],
    ['a digest', { oci: { image: 'h/i@sha256:b' } }, HEX, `h/i@sha256:b@sha256:${HEX}`],
    [
      'a chart over OCI, without the chart',
      { helm: { repo: 'oci://h/charts', chart: 'c' } },
      '1.2.3',
      'oci://h/charts@sha256:1.2.3',
    ],
    ['a chart over http', { helm: { repo: 'https://h/charts', chart: 'c' } }, '1.2.3', null],
    ['git', { git: { repo: 'https://h/r' } }, HEX, null],
  ])('announces %s', (_, source, commit, wanted) => {
    const sourceType = Object.keys(source)[0];
    expect(imageToSync(specSchema.parse({ sourceType, ...source }), commit)).toBe(wanted);
  });
});

describe('describeSource()', () => {
  it.each([
    [undefined, '.'],
    ['', '.'],
    ['/', '.'],
    ['.', '.'],
    ['/base/', 'base'],
    ['base//prod', 'base/prod'],
  ])('shows dir %o as %s', (dir, shown) => {
    const spec = specSchema.parse({ sourceType: 'oci', oci: { image: 'h/i:v1', dir } });
    expect(describeSource(spec, HEX)).toEqual({ ociStatus: { image: 'h/i:v1', dir: shown } });
  });
});

describe('parseImageName()', () => {
  const pin = `sha256:${HEX}`;
  it.each([
    ['127.0.0.1:5000/a/b:v1', { host: '127.0.0.1:5000', path: 'a/b', reference: 'v1' }],
    ['localhost/ab', { host: 'index.docker.io', path: 'localhost/ab', reference: 'latest' }],
    ['h.example/a/b', { host: 'h.example', path: 'a/b', reference: 'latest' }],
    ['ubuntu', { host: 'index.docker.io', path: 'library/ubuntu', reference: 'latest' }],
    ['acme/configs:v2', { host: 'index.docker.io', path: 'acme/configs', reference: 'v2' }],
    [`h.example/ab:v1@${pin}`, { host: 'h.example', path: 'ab', reference: pin, pinned: true }],
  ])('reads %s', (image, wanted) => {
    expect(parseImageName(image)).toEqual({ pinned: false, ...wanted });
  });

  it.each([
    `h.example/ab@${pin}@${pin}`,
    'h.example/ab@sha256:short',
    'h.example/ab@',
    'h.example/a',
    'h.example/AB:v1',
    'h.example/ab:',
    'h.example/ab:v 1',
    '',
  ])('refuses %o', (image) => {
    expect(() => parseImageName(image)).toThrow('failed to parse reference');
  });
});

describe('baseUrl()', () => {
  it.each([
    'localhost:5000',
    '127.0.0.1:5000',
    '127.1.2.3',
    '[::1]:5000',
    '10.1.2.3',
    '172.16.0.1:80',
    '172.31.255.1',
    '192.168.0.7:5000',
    'registry.local:5000',
  ])('dials %s without TLS', (host) => {
    expect(baseUrl(host)).toBe(`http://${host}`);
  });

  it.each([
    'us-docker.pkg.dev',
    '128.0.0.1',
    '172.32.0.1',
    '11.0.0.1',
    'localhost.example',
    'my.local.example',
    '127.0.0.1.example',
  ])('dials %s with TLS', (host) => {
    expect(baseUrl(host)).toBe(`https://${host}`);
  });
});

describe('parseDuration()', () => {
  it.each([
    ['15s', 15_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1_500],
    ['.5s', 500],
    ['250ms', 250],
    ['1m0s', 60_000],
    ['0', 0],
    ['15', undefined],
    ['', undefined],
    ['-1s', undefined],
    ['1d', undefined],
    ['1s ', undefined],
  ])('reads %o as %o ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });
});

describe('Pace', () => {
  it('shortens times of pulls and of attempts each by its own factor', () => {
    const pace = { pollMs: 150, attemptMs: 1_500, rolloutMs: 7 };
    expect([scalePull(pace, 15_000), scalePull(pace, 3_600_000)]).toEqual([150, 36_000]);
    expect([scaleAttempt(pace, 15_000), scaleAttempt(pace, 1_000)]).toEqual([1_500, 100]);
  });
});
