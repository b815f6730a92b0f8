import { describe, expect, it } from 'vitest';
import { bindToSpec } from '#functions/admission/announcement.ts';
import { readSource } from '#shared/configsync/read-source.ts';

const HEX = 'a'.repeat(64);
const IMAGE = 'us-docker.pkg.dev/acme/configs/platform:v1';
const REPO = 'oci://us-docker.pkg.dev/acme/charts';

function bind(value: string, spec: unknown) {
  const source = readSource(spec);
  if (source.type !== 'oci' && source.type !== 'helm') throw new Error('Nothing to bind to');
  return bindToSpec(value, source);
}

const oci = (image: string) => ({ sourceType: 'oci', oci: { image } });
const helm = (rest: object = {}) => ({
  sourceType: 'helm',
  helm: { repo: REPO, chart: 'platform', ...rest },
});

describe('bindToSpec()', () => {
  it.each([
    IMAGE,
    'us-docker.pkg.dev/acme/configs/platform',
    `us-docker.pkg.dev/acme/configs/platform@sha256:${HEX}`,
    `${IMAGE}@sha256:${'b'.repeat(64)}`,
    'US-docker.pkg.dev:443/acme/configs/platform:v1',
  ])('takes %s to the letter, and normalises it after', (image) => {
    const repository = 'us-docker.pkg.dev/acme/configs/platform';
    expect(bind(`${image}@sha256:${HEX}`, oci(image))).toMatchObject({
      type: 'image',
      digest: `sha256:${HEX}`,
      reference: { repository },
    });
  });

  it.each([
    [
      'normal form for another spelling',
      `us-docker.pkg.dev/acme/configs/platform:v1@sha256:${HEX}`,
      'US-docker.pkg.dev/acme/configs/platform:v1',
    ],
    ['a tag more', `${IMAGE}:v1@sha256:${HEX}`, IMAGE],
    ['a digest less', `${IMAGE}@sha256:${HEX}`, `${IMAGE}@sha256:${HEX}`],
    ['an empty image', `@sha256:${HEX}`, IMAGE],
  ])('refuses %s', (_, value, image) => {
    expect(bind(value, oci(image))).toMatchObject({ admit: false, outcome: 'not-of-spec' });
  });

  it.each([
    ['1.2.3', {}, '1.2.3'],
    ['1.2.3', { version: '1.2.3' }, '1.2.3'],
    ['1.2.3', { version: '>=1.0.0' }, '1.2.3'],
    ['1.2.3+build.5', { version: '1.2.3+build.5' }, '1.2.3_build.5'],
  ])('reads chart version %s behind the repository', (version, rest, tag) => {
    expect(bind(`${REPO}@sha256:${version}`, helm(rest))).toEqual({
      type: 'chart',
      version,
      reference: {
        host: 'us-docker.pkg.dev',
        path: 'acme/charts/platform',
        repository: 'us-docker.pkg.dev/acme/charts/platform',
        tag,
      },
    });
  });

  it.each([
    ['latest', {}, 'unusable'],
    ['1.2', {}, 'unusable'],
    ['1.2.4', { version: '1.2.3' }, 'not-of-spec'],
    // Who sets an exact version must not be stopped by the one that was announced before.
    ['latest', { version: '1.2.3' }, 'not-of-spec'],
  ])('refuses version %s of a chart with %o', (version, rest, outcome) => {
    expect(bind(`${REPO}@sha256:${version}`, helm(rest))).toMatchObject({ outcome });
  });

  it('cuts what it repeats', () => {
    const refused = bind('x'.repeat(2_000), oci(IMAGE));
    if (!('message' in refused)) throw new Error('Was not refused');
    expect(refused.message.length).toBeLessThan(800);
  });
});
