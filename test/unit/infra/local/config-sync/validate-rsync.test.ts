import { describe, expect, it } from 'vitest';
import { readRSync, type SyncKind } from '#infra/local/config-sync/rsync.ts';
import { validateRSync } from '#infra/local/config-sync/manage-rsync.ts';

const oci = { image: 'h/i:v1', auth: 'none' };
const helm = { repo: 'oci://h/charts', chart: 'c', auth: 'none' };
const account = { auth: 'gcpserviceaccount' };

function validate(
  spec: object,
  place: Partial<{ kind: SyncKind; namespace: string; name: string }> = {},
) {
  const { kind = 'RootSync', namespace = 'config-management-system', name = 'root-sync' } = place;
  const metadata = { name, namespace, uid: 'u', resourceVersion: '1', generation: 1 };
  return validateRSync(readRSync(kind, { metadata, spec }));
}

const ociSpec = (change: object): object => ({ sourceType: 'oci', oci: { ...oci, ...change } });
const helmSpec = (change: object): object => ({ sourceType: 'helm', helm: { ...helm, ...change } });

describe('validateRSync()', () => {
  it.each([
    ['an image', ociSpec({})],
    ['an image with a period', ociSpec({ period: '1m' })],
    [
      'a service account',
      ociSpec({ ...account, gcpServiceAccountEmail: 'reader@p.iam.gserviceaccount.com' }),
    ],
    ['an image with a token', ociSpec({ auth: 'token', secretRef: { name: 's' } })],
    ['a chart', helmSpec({})],
    ['a chart with a token', helmSpec({ auth: 'token', secretRef: { name: 's' } })],
    ['git, which is the default', { git: { repo: 'https://h/r', auth: 'none' } }],
  ])('accepts %s', (_, spec) => {
    expect(validate(spec)).toBeUndefined();
  });

  it.each([
    ['no spec.oci', { sourceType: 'oci' }, 'spec.oci '],
    ['no image', ociSpec({ image: '' }), 'spec.oci.image'],
    ['no auth', { sourceType: 'oci', oci: { image: 'h/i' } }, 'spec.oci.auth'],
    ['an auth of git', ociSpec({ auth: 'ssh' }), 'spec.oci.auth'],
    ['no account', ociSpec(account), 'spec.oci.gcpServiceAccountEmail'],
    [
      'a short account',
      ociSpec({ ...account, gcpServiceAccountEmail: 'short@p.iam.gserviceaccount.com' }),
      'spec.oci.gcpServiceAccountEmail',
    ],
    ['a token without a secret', ociSpec({ auth: 'token' }), 'spec.oci.secretRef'],
    ['a secret without a token', ociSpec({ secretRef: { name: 's' } }), 'spec.oci.secretRef'],
    ['a period without a unit', ociSpec({ period: '15' }), 'spec.oci.period'],
    ['no spec.helm', { sourceType: 'helm' }, 'spec.helm '],
    ['no repo', helmSpec({ repo: '' }), 'spec.helm.repo'],
    ['no chart', helmSpec({ chart: '' }), 'spec.helm.chart'],
    ['a chart with a token without a secret', helmSpec({ auth: 'token' }), 'spec.helm.secretRef'],
    [
      'a chart with a secret without a token',
      helmSpec({ secretRef: { name: 's' } }),
      'spec.helm.secretRef',
    ],
    ['two namespaces', helmSpec({ namespace: 'a', deployNamespace: 'b' }), 'spec.helm.namespace'],
    ['no spec.git', {}, 'spec.git '],
    ['an unknown source', { sourceType: 'svn' }, 'sourceType'],
    ['an image that is no text', ociSpec({ image: 7 }), 'oci.image'],
  ])('refuses %s and names the field', (_, spec, field) => {
    const message = validate(spec);
    expect(message).toMatch(/^KNV1061: [^\n]+$/);
    expect(message).toContain(field);
  });

  const repoSync = { kind: 'RepoSync', namespace: 'team-a' } as const;
  it.each([
    ['a RootSync elsewhere', { namespace: 'default' }, false],
    ['a RootSync of 38 characters', { name: 'r'.repeat(38) }, true],
    ['a RootSync of 39 characters', { name: 'r'.repeat(39) }, false],
    ['a RepoSync among the RootSyncs', { kind: 'RepoSync' } as const, false],
    ['a RepoSync of 45 characters', { ...repoSync, name: 'r'.repeat(39) }, true],
    ['a RepoSync of 46 characters', { ...repoSync, name: 'r'.repeat(40) }, false],
  ])('judges names: %s', (_, place, valid) => {
    expect(validate(ociSpec({}), place) === undefined).toBe(valid);
  });
});
