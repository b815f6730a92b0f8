import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import {
  OCI_CONFIG,
  OCI_EMPTY,
  OCI_MANIFEST,
  type Descriptor,
  type Repository,
} from './push-image.ts';

const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json';
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const IN_TOTO = 'application/vnd.in-toto+json';
const PREDICATE_TYPE = 'https://sigstore.dev/cosign/sign/v1';

/** What is signed, where, and with which key. */
export interface Signing {
  readonly repository: Repository;
  readonly image: Descriptor;
  readonly key: KeyObject;
}

/** Signs as `cosign sign --key` of version 2 does: under tag `sha256-<hex>.sig` (docs/facts/signatures.md#formats). */
export async function signLegacy({ repository, image, key }: Signing): Promise<void> {
  const payload = Buffer.from(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': repository.name },
        image: { 'docker-manifest-digest': image.digest },
        type: 'cosign container image signature',
      },
      optional: null,
    }),
  );
  const layer = await repository.pushBlob(payload, SIMPLE_SIGNING);
  const signature = sign('sha256', payload, key).toString('base64');
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: await repository.pushBlob(Buffer.from('{}'), OCI_CONFIG),
    layers: [{ ...layer, annotations: { 'dev.cosignproject.cosign/signature': signature } }],
  };
  await repository.pushManifest(manifest, `${image.digest.replace(':', '-')}.sig`);
}

/** Signs as `cosign sign --key` of version 3 does: a Sigstore bundle as OCI 1.1 referrer of the image. */
export async function signBundle({ repository, image, key }: Signing): Promise<void> {
  const bundle = Buffer.from(JSON.stringify(bundleOf(image.digest, key)));
  const { mediaType, digest, size } = image;
  await repository.pushManifest({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: BUNDLE,
    config: await repository.pushBlob(Buffer.from('{}'), OCI_EMPTY),
    layers: [await repository.pushBlob(bundle, BUNDLE)],
    subject: { mediaType, digest, size },
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': PREDICATE_TYPE,
    },
  });
}

function bundleOf(digest: string, key: KeyObject): object {
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ digest: { sha256: digest.replace('sha256:', '') } }],
    predicateType: PREDICATE_TYPE,
    predicate: {},
  };
  const payload = Buffer.from(JSON.stringify(statement));
  return {
    mediaType: BUNDLE,
    verificationMaterial: { publicKey: { hint: hintOf(key) } },
    dsseEnvelope: {
      payload: payload.toString('base64'),
      payloadType: IN_TOTO,
      signatures: [{ sig: sign('sha256', encodeDsse(payload), key).toString('base64') }],
    },
  };
}

/** DSSE's pre-authentication encoding: what the signature is over. */
function encodeDsse(payload: Buffer): Buffer {
  const head = `DSSEv1 ${IN_TOTO.length} ${IN_TOTO} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

function hintOf(key: KeyObject): string {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('base64');
}
