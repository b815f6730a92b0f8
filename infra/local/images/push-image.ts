import { createHash } from 'node:crypto';
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
export const OCI_EMPTY = 'application/vnd.oci.empty.v1+json';
