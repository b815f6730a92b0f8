import { createHash } from 'node:crypto';

import { type Digest, isDigest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { Descriptor, Manifest, Registry } from '#shared/registry/registry.ts';

export interface MemoryRegistry extends Registry {
  /** Every call, as `manifest <repository> <reference>`; a test may empty it. */
  readonly calls: string[];
  /** Stores a manifest; `tag` may be given again to move it. */
  putManifest(repository: string, body: unknown, tag?: string): Manifest;
  putBlob(repository: string, body: unknown): Descriptor;
  /** Lists `descriptor` in the referrers API of `digest`. */
  addReferrer(repository: string, digest: Digest, descriptor: Descriptor): void;
  /** Makes every call whose text begins with `prefix` throw. */
  fail(prefix: string, error: Error): void;
  deleteTag(repository: string, tag: string): void;
  /** From now on it has no referrers API. */
  dropReferrersApi(): void;
}

/** SHA-256 as a digest. */
export function digestOf(bytes: Uint8Array): Digest {
  const text = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (!isDigest(text)) throw new Error(`not a digest: ${text}`);
  return text;
}

/** A registry in memory: content by digest, so that it cannot lie. Bytes and strings are stored as they are. */
export function createMemoryRegistry(): MemoryRegistry {
  const content = new Map<string, Uint8Array>();
  const tags = new Map<string, Digest>();
  const referrers = new Map<string, Descriptor[]>();
  const failures: { prefix: string; error: Error }[] = [];
  const calls: string[] = [];
  let hasReferrersApi = true;

  function record(call: string): void {
    calls.push(call);
    const failure = failures.find(({ prefix }) => call.startsWith(prefix));
    if (failure !== undefined) throw failure.error;
  }

  return {
    calls,
    async manifest(repository, reference) {
      record(`manifest ${repository} ${reference}`);
      const digest = isDigest(reference) ? reference : tags.get(`${repository}:${reference}`);
      const bytes = content.get(`${repository} manifest ${digest}`);
      return digest === undefined || bytes === undefined ? undefined : toManifest(digest, bytes);
    },
    async blob(repository, digest, maxBytes) {
      record(`blob ${repository} ${digest}`);
      const bytes = content.get(`${repository} blob ${digest}`);
      if (bytes !== undefined && bytes.length > maxBytes) {
        throw new CountersignError('too-large', `Blob ${digest} is larger than ${maxBytes} bytes`);
      }
      return bytes;
    },
    async referrers(repository, digest) {
      record(`referrers ${repository} ${digest}`);
      if (!hasReferrersApi) return undefined;
      const descriptors = referrers.get(`${repository}@${digest}`) ?? [];
      return { descriptors, complete: true, unreadable: 0 };
    },
    putManifest(repository, body, tag) {
      const bytes = toBytes(body);
      const digest = digestOf(bytes);
      content.set(`${repository} manifest ${digest}`, bytes);
      if (tag !== undefined) tags.set(`${repository}:${tag}`, digest);
      return toManifest(digest, bytes);
    },
    putBlob(repository, body) {
      const bytes = toBytes(body);
      const digest = digestOf(bytes);
      content.set(`${repository} blob ${digest}`, bytes);
      return { mediaType: 'application/octet-stream', digest, size: bytes.length };
    },
    addReferrer(repository, digest, descriptor) {
      const key = `${repository}@${digest}`;
      referrers.set(key, [...(referrers.get(key) ?? []), descriptor]);
    },
    fail(prefix, error) {
      failures.push({ prefix, error });
    },
    deleteTag(repository, tag) {
      tags.delete(`${repository}:${tag}`);
    },
    dropReferrersApi() {
      hasReferrersApi = false;
    },
  };
}

function toBytes(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function toManifest(digest: Digest, bytes: Uint8Array): Manifest {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  return { digest, mediaType, bytes, date: '2026-11-22T05:00:00Z' };
}
