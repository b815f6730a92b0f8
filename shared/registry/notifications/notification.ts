import { type Digest, isDigest } from '#shared/core/digest.ts';

/** What a registry says happened; a hint, for anyone with publish rights can write it. */
export type RegistryEvent = EventFacts & EventKind;

interface EventFacts {
  readonly action: 'INSERT' | 'DELETE';
  /** Normalised `host/path`. */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

/** What it is about, judged by its tag alone. */
type EventKind =
  | { readonly kind: 'image' }
  /** No tag: a child of an index, an image pushed by digest, or a signature that refers to one (see `readSubject`). */
  | { readonly kind: 'untagged' }
  /** `sha256-<hex>.sig`, `.att`, `.sbom`, and OCI's referrers fallback tag `sha256-<hex>`. */
  | {
      readonly kind: 'signature' | 'attestation' | 'sbom' | 'referrers-fallback';
      readonly subject: Digest;
    };

/** An event of a registry as it was delivered. */
export type Notification = RegistryEvent & {
  /** The same at each delivery. */
  readonly id: string;
  readonly publishedAt: Date;
};

/** How the messages of one source are read, one file of this folder each. Throws `bad-request`, which no retry helps. */
export type ParseEvent = (data: Uint8Array) => RegistryEvent;

/** A message that carries an event. */
interface Delivered {
  readonly messageId: string;
  readonly publishTime: Date;
  readonly data: Uint8Array;
}

/** Reads a notification that was delivered as a message of its source. Throws what `parse` throws. */
export function readNotification(
  { messageId, publishTime, data }: Delivered,
  parse: ParseEvent,
): Notification {
  return { ...parse(data), id: messageId, publishedAt: publishTime };
}

const REFERRER_TAG = /^sha256-([0-9a-f]{64})(\.sig|\.att|\.sbom)?$/;
const KIND_OF_SUFFIX = {
  '.sig': 'signature',
  '.att': 'attestation',
  '.sbom': 'sbom',
  '': 'referrers-fallback',
} as const;

/** What a tag alone shows: images have names of their own, signatures the digest they are about. */
export function kindOf(tag: string | undefined): EventKind {
  if (tag === undefined) return { kind: 'untagged' };
  const [, hex, suffix = ''] = REFERRER_TAG.exec(tag) ?? [];
  const subject = `sha256:${hex}`;
  if (!isDigest(subject) || !isSuffix(suffix)) return { kind: 'image' };
  return { kind: KIND_OF_SUFFIX[suffix], subject };
}

function isSuffix(suffix: string): suffix is keyof typeof KIND_OF_SUFFIX {
  return Object.hasOwn(KIND_OF_SUFFIX, suffix);
}
