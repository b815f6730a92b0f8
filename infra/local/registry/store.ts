import { RegistryError } from './request.ts';

/** All blobs, manifests and unfinished uploads together. Own. */
const STORE_LIMIT = 2 * 1024 * 1024 * 1024;

export interface StoredManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What the referrers list needs to know of it; undefined where it has no `subject`. */
  readonly referrer?: Referrer;
}

export interface Referrer {
  readonly subject: string;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** One repository: it exists from the first push on, and stays when emptied. */
export interface Repository {
  readonly blobs: Map<string, Uint8Array<ArrayBuffer>>;
  readonly manifests: Map<string, StoredManifest>;
  /** Tag to digest. A tag's manifest is always present. */
  readonly tags: Map<string, string>;
}

/** Everything that was pushed, in memory. */
export interface Store {
  /** The repository, or undefined where nothing was ever pushed. */
  find(name: string): Repository | undefined;
  /** Of every repository. */
  names(): string[];
  /** The repository, made when absent. */
  open(name: string): Repository;
  /** Counts bytes that are about to be kept; DENIED when the store is full. */
  reserve(bytes: number): void;
  /** Gives reserved bytes back. */
  release(bytes: number): void;
}

/**
 * An empty store.
 *
 * @example createStore().open('acme/configs').tags.set('v1', digest);
 */
export function createStore(limit: number = STORE_LIMIT): Store {
  const repositories = new Map<string, Repository>();
  let used = 0;
  return {
    find: (name) => repositories.get(name),
    names: () => [...repositories.keys()],
    open(name) {
      const found = repositories.get(name);
      if (found !== undefined) return found;
      const made: Repository = { blobs: new Map(), manifests: new Map(), tags: new Map() };
      repositories.set(name, made);
      return made;
    },
    reserve(bytes) {
      if (used + bytes > limit) {
        throw new RegistryError('DENIED', 'Registry is full; delete something or restart it');
      }
      used += bytes;
    },
    release(bytes) {
      used -= bytes;
    },
  };
}
