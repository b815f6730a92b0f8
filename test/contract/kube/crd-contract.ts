import { describe, expect, it } from 'vitest';
import { failureOf, manifest, type RSyncClient } from './rsync-client.ts';

/** What Config Sync's CRDs require, in the API server's own words. */
export function crdContract(client: () => RSyncClient): void {
  describe('CustomResourceDefinitions', () => {
    const auths = '"gcenode", "gcpserviceaccount", "k8sserviceaccount", "none", "token"';
    it.each([
      ['crd-auth', { oci: { image: 'x:v1' } }, 'spec.oci.auth: Required value'],
      ['crd-image', { oci: { auth: 'none' } }, 'spec.oci.image: Required value'],
      ['crd-chart', { helm: { repo: 'oci://x', auth: 'none' } }, 'spec.helm.chart: Required value'],
      ['crd-repo', { git: { auth: 'none' } }, 'spec.git.repo: Required value'],
      [
        'crd-enum',
        { oci: { image: 'x:v1', auth: 'ssh' } },
        `spec.oci.auth: Unsupported value: "ssh": supported values: ${auths}`,
      ],
      [
        'crd-type',
        { oci: { image: 7, auth: 'none' } },
        'spec.oci.image: Invalid value: "integer": spec.oci.image in body must be of type string: "integer"',
      ],
      [
        'crd-source',
        { sourceType: 'ftp' },
        `spec.sourceType: Invalid value: "ftp": spec.sourceType in body should match '^(git|oci|helm|)$'`,
      ],
    ])('refuses what the CRD does not allow, by field: %s', async (name, spec, why) => {
      const failure = await failureOf(client().create({ ...manifest(name), spec }));
      expect(failure).toMatchObject({
        code: 422,
        reason: 'Invalid',
        message: `RootSync.configsync.gke.io "${name}" is invalid: ${why}`,
      });
    });

    it('refuses a status that the CRD does not allow', async () => {
      await client().create(manifest('crd-status'));
      const status = { observedGeneration: 'one' };
      const failure = await failureOf(client().mergeStatus('crd-status', { status }));
      expect(failure).toMatchObject({
        code: 422,
        message: expect.stringContaining('status.observedGeneration: Invalid value: "string"'),
      });
      expect(await client().get('crd-status')).not.toHaveProperty('status');
    });

    it('takes a token with its secret', async () => {
      const oci = { image: 'x:v1', auth: 'token', secretRef: { name: 's' } };
      const created = await client().create({ ...manifest('crd-token'), spec: { oci } });
      expect(created.spec.oci).toEqual(oci);
    });
  });
}
