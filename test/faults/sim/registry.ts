import { createHash } from 'node:crypto';
import { type Digest, isDigest } from '#shared/core/digest.ts';
import type { Journal } from '../journal.ts';
import type { Clock } from './clock.ts';

/** What a tag led to from some moment on. */
export interface Move {
  readonly at: number;
  /** What the tag names: an image, or an index. */
  readonly top: Digest;
  /** What Config Sync pulls: of an index the linux/amd64 child; undefined when it cannot pull it. */
  readonly child: Digest | undefined;
}

export interface StoredManifest {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

/** `next` is a second good key, `attestation` says something of the image and is no signature. */
export type SigningKey = 'release' | 'wrong' | 'next' | 'attestation';

/** The registry's own truth, and the ways to change it. What it says over the network is the port's business. */
export interface SimRegistry {
  /** Stores a new image and returns what a tag would lead to. */
  push(repository: string, shape: Shape): Omit<Move, 'at'>;
  moveTag(reference: string, to: Omit<Move, 'at'>): void;
  /** Until it is moved again it leads to nothing. */
  deleteTag(reference: string): void;
  sign(repository: string, digest: Digest, key: SigningKey): void;
  /** Takes away whatever was signed of this very digest. */
  unsign(repository: string, digest: string): void;
  /** Stores a signature's manifest, which refers to `subject`. */
  pushReferrer(repository: string, subject: Digest): Digest;
  manifest(repository: string, digest: string): StoredManifest | undefined;
  /** Every move of the tag so far, oldest first. */
  moves(reference: string): readonly Move[];
  current(reference: string): Move | undefined;
  tagsOf(repository: string): readonly string[];
  isBad(digest: string): boolean;
  /** Signatures on exactly this digest. */
  signatures(
    repository: string,
    digest: string,
  ): readonly { readonly key: SigningKey; readonly at: number }[];
  /** Indexes that lead to this child. */
  indexesOf(repository: string, child: string): readonly Digest[];
}

export interface Shape {
  readonly form: 'image' | 'index' | 'arm-only';
  /** Config Sync reports errors when it applies it. */
  readonly bad: boolean;
}

const IMAGE_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';

export function createSimRegistry({
  clock,
  journal,
}: {
  clock: Clock;
  journal: Journal;
}): SimRegistry {
  const manifests = new Map<string, StoredManifest>();
  const moves = new Map<string, Move[]>();
  const signed = new Map<string, { key: SigningKey; at: number }[]>();
  const parents = new Map<string, Digest[]>();
  const bad = new Set<string>();
  const deleted = new Set<string>();
  let serial = 0;

  function store(repository: string, mediaType: string, body: object): Digest {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...body }));
    const digest = digestOf(bytes);
    manifests.set(`${repository}@${digest}`, { bytes, mediaType });
    return digest;
  }

  function storeImage(repository: string): Digest {
    serial += 1;
    const layer = { mediaType: LAYER_TYPE, digest: digestOf(Buffer.from(`${serial}`)), size: 1 };
    return store(repository, IMAGE_TYPE, { config: EMPTY_CONFIG, layers: [layer] });
  }

  return {
    push(repository, { form, bad: isBad }) {
      const child = storeImage(repository);
      if (isBad) bad.add(child);
      if (form === 'image') return { top: child, child };
      const architecture = form === 'index' ? 'amd64' : 'arm64';
      const entry = {
        mediaType: IMAGE_TYPE,
        digest: child,
        size: 1,
        platform: { os: 'linux', architecture },
      };
      const top = store(repository, INDEX_TYPE, { manifests: [entry] });
      if (form === 'arm-only') return { top, child: undefined };
      const key = `${repository}@${child}`;
      parents.set(key, [...(parents.get(key) ?? []), top]);
      return { top, child };
    },
    moveTag(reference, to) {
      deleted.delete(reference);
      moves.set(reference, [...(moves.get(reference) ?? []), { ...to, at: clock.now() }]);
      journal.step(
        `image ${reference}`,
        `tag moves to ${name(to.top)}, pulled as ${name(to.child)}`,
      );
    },
    deleteTag(reference) {
      deleted.add(reference);
      journal.step(`image ${reference}`, 'tag is deleted');
    },
    unsign(repository, digest) {
      signed.delete(`${repository}@${digest}`);
      journal.step(`image ${repository}:v1`, `${name(digest)} loses its signatures`);
    },
    sign(repository, digest, key) {
      const at = `${repository}@${digest}`;
      signed.set(at, [...(signed.get(at) ?? []), { key, at: clock.now() }]);
      journal.step(`image ${repository}:v1`, `${name(digest)} is signed by key ${key}`);
    },
    pushReferrer(repository, subject) {
      serial += 1;
      const about = { mediaType: IMAGE_TYPE, digest: subject, size: 1 };
      const annotations = { serial: `${serial}` };
      return store(repository, IMAGE_TYPE, {
        config: EMPTY_CONFIG,
        layers: [EMPTY_CONFIG],
        subject: about,
        annotations,
      });
    },
    manifest: (repository, digest) => manifests.get(`${repository}@${digest}`),
    moves: (reference) => moves.get(reference) ?? [],
    current: (reference) => (deleted.has(reference) ? undefined : moves.get(reference)?.at(-1)),
    tagsOf: (repository) =>
      [...moves.keys()]
        .filter((reference) => reference.startsWith(`${repository}:`) && !deleted.has(reference))
        .map((reference) => reference.slice(repository.length + 1)),
    isBad: (digest) => bad.has(digest),
    signatures: (repository, digest) => signed.get(`${repository}@${digest}`) ?? [],
    indexesOf: (repository, child) => parents.get(`${repository}@${child}`) ?? [],
  };
}

const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip';
const EMPTY_CONFIG = {
  mediaType: 'application/vnd.oci.empty.v1+json',
  digest: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
  size: 2,
};

export function digestOf(bytes: Uint8Array): Digest {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (!isDigest(digest)) throw new Error('SHA-256 is not a digest');
  return digest;
}

/** A digest as stories write it. */
export function name(digest: string | undefined): string {
  return digest === undefined ? 'nothing' : digest.replace(/^sha256:/, '').slice(0, 8);
}
