import { describe, expect, it } from 'vitest';
import { readSource } from '#shared/configsync/read-source.ts';

const IMAGE = 'us-docker.pkg.dev/acme/configs/platform:v1';
const REPO = 'oci://us-docker.pkg.dev/acme/charts';

function oci(image: unknown, dir?: unknown): unknown {
  return { sourceType: 'oci', oci: { image, ...(dir === undefined ? {} : { dir }) } };
}

function helm(fields: Record<string, unknown>): unknown {
  return { sourceType: 'helm', helm: { repo: REPO, chart: 'shop', ...fields } };
}

describe('readSource() of an image', () => {
  it('keeps the image verbatim beside the reference it means', () => {
    const source = readSource(oci('US-docker.pkg.dev/acme/configs/platform'));
    expect(source).toMatchObject({
      type: 'oci',
      image: 'US-docker.pkg.dev/acme/configs/platform',
      reference: { repository: 'us-docker.pkg.dev/acme/configs/platform', tag: 'latest' },
    });
  });

  it.each([
    [undefined, '.'],
    ['', '.'],
    ['.', '.'],
    ['/', '.'],
    ['/base', 'base'],
    ['base/prod/', 'base/prod'],
  ])('shows dir %j as Config Sync does', (dir, shown) => {
    expect(readSource(oci(IMAGE, dir))).toMatchObject({ type: 'oci', dir: shown });
  });
});

describe('readSource() of a chart', () => {
  it('joins repository, chart and version to a reference', () => {
    expect(readSource(helm({ version: '1.2.3' }))).toMatchObject({
      type: 'helm',
      repo: REPO,
      chart: 'shop',
      version: '1.2.3',
      reference: { repository: 'us-docker.pkg.dev/acme/charts/shop', tag: '1.2.3' },
    });
  });

  it.each([
    ['1.2.3+b5', '1.2.3_b5'],
    ['>=1.2.3 <2', 'latest'],
    ['latest', 'latest'],
  ])('keeps version %j and looks for tag %j', (version, tag) => {
    expect(readSource(helm({ version }))).toMatchObject({ version, reference: { tag } });
  });

  it.each([{}, { version: '' }])('has no version in %j', (fields) => {
    const source = readSource(helm(fields));
    expect(source).not.toHaveProperty('version');
    expect(source).toMatchObject({ type: 'helm', reference: { tag: 'latest' } });
  });
});

describe('readSource() of what is not followed', () => {
  const repo = 'https://example.com/r';
  it.each<[string, unknown, string, string?]>([
    ['git', { sourceType: 'git', git: { repo } }, 'git', `${repo}@master`],
    ['no source type, git by default', { git: { repo } }, 'git', `${repo}@master`],
    ['a branch', { git: { repo, branch: 'main', dir: '/' } }, 'git', `${repo}@main`],
    [
      'a revision before a branch, and a directory',
      { git: { repo: `${repo}/`, branch: 'main', revision: 'v1', dir: '/a//b/' } },
      'git',
      `${repo}/a/b@v1`,
    ],
    [
      'HEAD, which is the branch',
      { git: { repo, branch: 'main', revision: 'HEAD', dir: '.' } },
      'git',
      `${repo}@main`,
    ],
    ['no git at all', { sourceType: 'git' }, 'git'],
    ['git that cannot be read', { git: { repo: 7 } }, 'git'],
    [
      'a chart over http',
      helm({ repo: 'https://example.com/charts/', version: '' }),
      'helm',
      'https://example.com/charts/shop:latest',
    ],
    [
      'a scheme in capitals, which Config Sync takes for http',
      helm({ repo: 'OCI://h.io/c', version: '1.2.3' }),
      'helm',
      'OCI://h.io/c/shop:1.2.3',
    ],
    ['a source type of the future', { sourceType: 's3' }, 's3'],
  ])('%s', (_, spec, sourceType, shown) => {
    const told = shown === undefined ? {} : { shown };
    expect(readSource(spec)).toEqual({ type: 'other', sourceType, ...told });
  });
});

describe('readSource() names the field that cannot be read', () => {
  it.each<[string, unknown, RegExp]>([
    ['no spec', undefined, /^spec: /],
    ['a spec that is a list', [], /^spec: /],
    ['a source type that is a number', { sourceType: 7 }, /^spec\.sourceType: /],
    ['no oci', { sourceType: 'oci' }, /^spec\.oci: /],
    ['no image', { sourceType: 'oci', oci: {} }, /^spec\.oci\.image: /],
    ['an empty image', oci(''), /^spec\.oci\.image: /],
    ['an image that is a number', oci(7), /^spec\.oci\.image: /],
    ['an image too long', oci(`h.io/${'a'.repeat(1_020)}`), /^spec\.oci\.image: /],
    [
      'an image with two digests',
      oci(`${IMAGE}@sha256:${'a'.repeat(64)}@x`),
      /^spec\.oci\.image: /,
    ],
    ['an image in capitals', oci('h.io/ACME/x:v1'), /^spec\.oci\.image: /],
    ['a dir that is a number', oci(IMAGE, 7), /^spec\.oci\.dir: /],
    ['no helm', { sourceType: 'helm' }, /^spec\.helm: /],
    ['no chart', { sourceType: 'helm', helm: { repo: REPO } }, /^spec\.helm\.chart: /],
    ['a chart with a slash', helm({ chart: '../secret' }), /^spec\.helm\.chart: /],
    ['a version that is a number', helm({ version: 1 }), /^spec\.helm\.version: /],
    ['a repository with a slash at its end', helm({ repo: `${REPO}/` }), /^spec\.helm\.repo: /],
    [
      'a host that would pass for Docker Hub',
      helm({ repo: 'oci://charts' }),
      /^spec\.helm\.repo: /,
    ],
    ['a repository with a space', helm({ repo: 'oci://h.io/a b' }), /^spec\.helm\.repo: /],
  ])('%s', (_, spec, problem) => {
    const source = readSource(spec);
    expect(source).toMatchObject({ type: 'invalid', problem: expect.stringMatching(problem) });
  });

  it.each<[string, unknown, string?]>([
    ['an image that is none', oci('h.io/ACME/x:v1', '/base'), 'h.io/ACME/x:v1/base'],
    ['a chart of no host', helm({ repo: 'oci://charts', version: '' }), 'oci://charts/shop:latest'],
    ['no image', { sourceType: 'oci', oci: {} }],
  ])('and still shows what nomos shows: %s', (_, spec, shown) => {
    const source = readSource(spec);
    expect('shown' in source ? source.shown : undefined).toBe(shown);
  });
});
