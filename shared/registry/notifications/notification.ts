import { type Digest, isDigest } from '#shared/core/digest.ts';

/** What a registry says happened; a hint, for anyone with publish rights can write it. */
export type RegistryEvent = EventKind & {
  readonly action: 'INSERT' | 'DELETE';
  /** Normalised `host/path`. */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
};

type ReferrerKind = 'signature' | 'attestation' | 'sbom' | 'referrers-fallback';

/** What it is about, judged by its tag alone. */
type EventKind =
  | { readonly kind: 'image' }
  /** No tag: a child of an index, an image pushed by digest, or a signature that refers to one (see `readSubject`). */
  | { readonly kind: 'untagged' }
  /** `sha256-<hex>.sig`, `.att`, `.sbom`, and OCI's referrers fallback tag `sha256-<hex>`. */
  | { readonly kind: ReferrerKind; readonly subject: Digest };

/** An event of a registry as it was delivered. */
export type Notification = RegistryEvent & {
  /** The same at each delivery. */
  readonly id: string;
  readonly publishedAt: Date;
};

/** How the messages of one source are read, one file of this folder each. Throws `bad-request`, which no retry helps. */
export type ParseEvent = (data: Uint8Array) => RegistryEvent;

/** Reads a notification that was delivered as a message of its source. Throws what `parse` throws. */
export function readNotification(
  message: { readonly messageId: string; readonly publishTime: Date; readonly data: Uint8Array },
  parse: ParseEvent,
): Notification {
  const { messageId: id, publishTime: publishedAt, data } = message;
  return { ...parse(data), id, publishedAt };
}

const REFERRER_TAG = /^sha256-(?<hex>[0-9a-f]{64})(?<suffix>\.sig|\.att|\.sbom)?$/;
const KINDS: ReadonlyMap<string, ReferrerKind> = new Map([
  ['.sig', 'signature'],
  ['.att', 'attestation'],
  ['.sbom', 'sbom'],
  ['', 'referrers-fallback'],
]);

/** What a tag alone shows: images have names of their own, signatures the digest they are about. */
export function kindOf(tag: string | undefined): EventKind {
  if (tag === undefined) return { kind: 'untagged' };
  const { hex, suffix = '' } = REFERRER_TAG.exec(tag)?.groups ?? {};
  const subject = `sha256:${hex}`;
  const kind = KINDS.get(suffix);
  return kind === undefined || !isDigest(subject) ? { kind: 'image' } : { kind, subject };
}
