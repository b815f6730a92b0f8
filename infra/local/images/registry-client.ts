import { createHash } from 'node:crypto';

/** A content descriptor (OCI image spec 1.1). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Manifest {
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

/** `path` on the registry at `host`, over plain HTTP (OCI distribution 1.1, "Push"). */
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
