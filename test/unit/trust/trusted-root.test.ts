import { beforeAll, describe, expect, it } from 'vitest';

import { buildTrustRoot } from '#shared/trust/trusted-root.ts';
import {
  createPrivateSigstore,
  type PrivateSigstore,
} from '#test/fixtures/sigstore/private-sigstore.ts';

let sigstore: PrivateSigstore;
beforeAll(async () => {
  sigstore = await createPrivateSigstore();
});

/** The root, its first log edited. */
function withLog(edit: (log: PrivateSigstore['parts']['tlogs'][number]) => object): string {
  const { tlogs } = sigstore.parts;
  return sigstore.root({ tlogs: tlogs.slice(0, 1).map(edit) });
}

describe('buildTrustRoot()', () => {
  it('reads every part of a root', () => {
    const root = buildTrustRoot(sigstore.root());
    expect(root).toMatchObject({
      tlogs: [{ baseURL: 'https://rekor.example' }, { baseURL: 'https://log2026.rekor.example' }],
      ctlogs: [{ baseURL: 'https://ct.example' }],
      certificateAuthorities: [{ certChain: [{}] }],
      timestampAuthorities: [{ certChain: [{}, {}] }],
    });
  });

  it('trusts no authority by an empty root', () => {
    const mediaType = 'application/vnd.dev.sigstore.trustedroot+json;version=0.1';
    const nobody = { tlogs: [], ctlogs: [], certificateAuthorities: [], timestampAuthorities: [] };
    expect(buildTrustRoot(JSON.stringify({ mediaType }))).toMatchObject(nobody);
  });

  it('leaves out a log whose kind of key is of a later time', () => {
    const root = buildTrustRoot(
      withLog((log) => ({ ...log, publicKey: { ...log.publicKey, keyDetails: 'PKIX_ML_DSA_99' } })),
    );
    expect(root).toMatchObject({ tlogs: [], certificateAuthorities: [{}] });
  });

  it.each<[string, () => string]>([
    ['that is no JSON', () => '{'],
    ['that is null', () => 'null'],
    ['without a media type', () => '{}'],
    ['of an unknown version', () => sigstore.root().replace('version=0.1', 'version=9')],
    ['with a key twice', () => sigstore.root().replace('"tlogs":', '"tlogs":[],"tlogs":')],
    [
      'with a log without the start of its period',
      () => withLog((log) => ({ ...log, publicKey: { ...log.publicKey, validFor: {} } })),
    ],
    [
      'with a log without a period',
      () => withLog((log) => ({ ...log, publicKey: { ...log.publicKey, validFor: undefined } })),
    ],
    [
      'with a period that ends before it starts',
      () =>
        withLog((log) => {
          const validFor = { start: '2026-01-01T00:00:00Z', end: '2025-01-01T00:00:00Z' };
          return { ...log, publicKey: { ...log.publicKey, validFor } };
        }),
    ],
    [
      'with a time that is none',
      () =>
        withLog((log) => ({
          ...log,
          publicKey: { ...log.publicKey, validFor: { start: 'soon' } },
        })),
    ],
    [
      'with a key that is none',
      () => withLog((log) => ({ ...log, publicKey: { ...log.publicKey, rawBytes: 'AAAA' } })),
    ],
    [
      'with a key that is not base64',
      () => withLog((log) => ({ ...log, publicKey: { ...log.publicKey, rawBytes: '%' } })),
    ],
    [
      'with an authority without certificates',
      () => {
        const [authority] = sigstore.parts.timestampAuthorities;
        const empty = { ...authority, certChain: { certificates: [] } };
        return sigstore.root({ timestampAuthorities: [empty] });
      },
    ],
  ])('refuses a root %s', (_, text) => {
    expect(buildTrustRoot(text())).toMatchObject({ refused: 'malformed' });
  });
});
