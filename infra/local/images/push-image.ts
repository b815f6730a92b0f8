import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { gzipSync } from 'node:zlib';

/**
 * Pushes an image with one file, as `crane append` does from an empty base; returns its manifest. Without a tag only
 * its digest names it.
 */
export async function pushImage(
  repository: Repository,
  image: { readonly file: string; readonly content: string; readonly tag?: string },
): Promise<Descriptor> {
  const tar = tarOf(image.file, Buffer.from(image.content));
  const config = {
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: await repository.pushBlob(Buffer.from(JSON.stringify(config)), OCI_CONFIG),
    layers: [await repository.pushBlob(gzipSync(tar), OCI_LAYER)],
  };
  return repository.pushManifest(manifest, image.tag);
}

/** A content descriptor (OCI image spec 1.1). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Manifest {
  readonly mediaType: string;
  readonly [field: string]: unknown;
}

/** Pushes to one repository of the local registry, as crane and cosign do. */
export interface Repository {
  /** `host/path`. */
  readonly name: string;
  pushBlob(content: Uint8Array, mediaType: string): Promise<Descriptor>;
  /** Without a tag the manifest is pushed by its digest. */
  pushManifest(manifest: Manifest, tag?: string): Promise<Descriptor>;
}

/** The digest of bytes. */
export function digestOf(content: Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/**
 * `path` on the registry at `host`, over plain HTTP (OCI distribution 1.1, "Push").
 *
 * @example const repository = openRepository('127.0.0.1:5000', 'configs/platform');
 */
export function openRepository(host: string, path: string): Repository {
  const base = `http://${host}/v2/${path}`;
  return {
    name: `${host}/${path}`,
    async pushBlob(content, mediaType) {
      const digest = digestOf(content);
      const started = await send(`${base}/blobs/uploads/`, { method: 'POST' });
      const location = new URL(started.headers.get('location') ?? '', base);
      location.searchParams.set('digest', digest);
      const headers = { 'content-type': 'application/octet-stream' };
      await send(location, { method: 'PUT', headers, body: Buffer.from(content) });
      return { mediaType, digest, size: content.length };
    },
    async pushManifest(manifest, tag) {
      const body = Buffer.from(JSON.stringify(manifest));
      const digest = digestOf(body);
      const { mediaType } = manifest;
      const headers = { 'content-type': mediaType };
      await send(`${base}/manifests/${tag ?? digest}`, { method: 'PUT', headers, body });
      return { mediaType, digest, size: body.length };
    },
  };
}

async function send(url: string | URL, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (response.ok) return response;
  throw new Error(`Registry answered ${response.status}: ${await response.text()}`);
}

/** POSIX ustar: everything comes in records of this size, and two empty ones end the archive. */
const RECORD_BYTES = 512;
const FILE_MODE = 0o644;
/** Of a name without the prefix field. */
const MAX_NAME_BYTES = 100;
const CHECKSUM = { at: 148, length: 8 } as const;

/** A tar archive of one file, always the same for the same file: a pushed image's digest depends on it. */
export function tarOf(name: string, content: Uint8Array): Buffer {
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw new Error(`Name is too long: ${name}`);
  const padding = (RECORD_BYTES - (content.length % RECORD_BYTES)) % RECORD_BYTES;
  const end = Buffer.alloc(padding + 2 * RECORD_BYTES);
  return Buffer.concat([headerOf(name, content.length), content, end]);
}

function headerOf(name: string, size: number): Buffer {
  const header = Buffer.alloc(RECORD_BYTES);
  header.write(name, 0);
  header.write(octal(FILE_MODE, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(size, 12), 124);
  header.write(octal(0, 12), 136);
  header.write('0', 156);
  header.write('ustar\u000000', 257);
  // The checksum is taken with its own field read as spaces.
  header.fill(' ', CHECKSUM.at, CHECKSUM.at + CHECKSUM.length);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, CHECKSUM.length - 1)} `, CHECKSUM.at);
  return header;
}

/** An octal number that fills its field up to the NUL that ends it. */
function octal(value: number, length: number): string {
  return `${value.toString(8).padStart(length - 1, '0')}\u0000`;
}

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
/** OCI image spec 1.1, "Guidance for an Empty Descriptor". */
const OCI_EMPTY = 'application/vnd.oci.empty.v1+json';

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
