import { LRUCache } from 'lru-cache';
import { type Digest, isDigest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { createSingleFlight } from '#shared/net/single-flight.ts';
import type { Manifest, Registry } from './registry.ts';

const DEFAULT_BYTES = 16 * 1024 * 1024;
/** What keeping an entry costs beside its bytes. */
const ENTRY_BYTES = 512;

/**
 * A registry that fetches what a digest names once, however many ask at once: it cannot change. Kept per repository,
 * for reading one says nothing about another; of manifests and blobs at most `maxBytes` in all. Tags, referrers,
 * absences and failures are asked for every time; what a tag led to is kept under its digest.
 *
 * @example
 * const registry = createCachedRegistry(createRegistry(deps), { maxBytes: 64 * 1024 * 1024 });
 */
export function createCachedRegistry<Any extends Registry>(
  registry: Any,
  { maxBytes }: { readonly maxBytes: number } = { maxBytes: DEFAULT_BYTES },
): Any {
  const manifests = byteCache<Manifest>(Math.ceil(maxBytes / 2), ({ bytes }) => bytes.length);
  const blobs = byteCache<Uint8Array>(Math.ceil(maxBytes / 2), (bytes) => bytes.length);
  return {
    // Layers are of any size, and read once: they are remembered by what was found in them.
    ...registry,
    async manifest(repository: string, reference: string) {
      if (!isDigest(reference)) {
        const tagged = await registry.manifest(repository, reference);
        if (tagged !== undefined) manifests.keep(`${repository}@${tagged.digest}`, tagged);
        return tagged;
      }
      const key = `${repository}@${reference}`;
      return manifests.get(key, key, () => registry.manifest(repository, reference));
    },
    async blob(repository: string, digest: Digest, limit: number) {
      const key = `${repository}@${digest}`;
      // A caller with a lower limit must not be given, nor wait for, what another may read.
      const bytes = await blobs.get(key, `${key} ${limit}`, () =>
        registry.blob(repository, digest, limit),
      );
      if (bytes === undefined || bytes.length <= limit) return bytes;
      throw new CountersignError('too-large', `Blob ${key} is larger than ${limit} bytes`);
    },
  };
}

interface ByteCache<T> {
  readonly keep: (key: string, value: T) => void;
  /** Remembers under `key`, and shares what is under way under `call`. */
  readonly get: (
    key: string,
    call: string,
    load: () => Promise<T | undefined>,
  ) => Promise<T | undefined>;
}

function byteCache<T extends object>(maxSize: number, sizeOf: (value: T) => number): ByteCache<T> {
  const kept = new LRUCache<string, T>({
    maxSize,
    sizeCalculation: (value) => sizeOf(value) + ENTRY_BYTES,
  });
  const join = createSingleFlight<T | undefined>();
  return {
    keep: (key, value) => void kept.set(key, value),
    get: async (key, call, load) =>
      kept.get(key) ??
      join(call, async () => {
        const value = await load();
        if (value !== undefined) kept.set(key, value);
        return value;
      }),
  };
}
