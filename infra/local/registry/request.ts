import { createHash } from 'node:crypto';
import { readStart } from '#shared/net/read-body.ts';
/** OCI distribution 1.1, section "Error Codes": each with the status that Docker's registry answers with. */
const STATUS = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DENIED: 403,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 400,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 413,
  TOOMANYREQUESTS: 429,
  UNAUTHORIZED: 401,
  UNKNOWN: 500,
  UNSUPPORTED: 405,
} as const;

export type ErrorCode = keyof typeof STATUS;

/** Where another status than the code's usual one is due, or headers. */
interface Extra {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A refusal, as the specification words one; thrown anywhere below the app, which answers with it. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly code: ErrorCode;
  readonly detail: unknown;
  readonly extra: Extra;

  constructor(code: ErrorCode, message: string, detail?: unknown, extra: Extra = {}) {
    super(message);
    this.code = code;
    this.detail = detail;
    this.extra = extra;
  }

  /** The answer for the client: the code's status and a JSON body with one error. */
  toResponse(): Response {
    const { code, message, detail } = this;
    const { headers = {}, status = STATUS[code] } = this.extra;
    return Response.json({ errors: [{ code, message, detail }] }, { status, headers });
  }
}

/** OCI distribution 1.1, section "Pulling manifests": clients may limit names so; Docker does. */
const NAME_LIMIT = 255;

// OCI distribution 1.1, section "Pulling manifests": the grammars of <name> and of a tag.
const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/** A manifest's place in a repository. */
export type ManifestReference = { readonly digest: string } | { readonly tag: string };

/** `name` when it is a repository name; NAME_INVALID otherwise. */
export function requireName(name: string): string {
  if (name.length <= NAME_LIMIT && NAME.test(name)) return name;
  throw new RegistryError('NAME_INVALID', 'Repository name must be lower-case path segments', {
    name,
  });
}

/** A tag or a digest; what has a colon was meant as a digest. DIGEST_INVALID or `otherwise` when neither. */
export function parseManifestReference(text: string, otherwise: ErrorCode): ManifestReference {
  if (isDigest(text)) return { digest: text };
  if (text.includes(':')) return { digest: requireDigest(text) };
  if (TAG.test(text)) return { tag: text };
  const form = 'Tag must be 1 to 128 letters, digits, ".", "_", "-"';
  throw new RegistryError(otherwise, form, { tag: text });
}

/** OCI image spec 1.1, "Registered Algorithms". */
const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** The sha256 digest of bytes, or of chunks one after another. */
export function digestOf(...chunks: readonly Uint8Array[]): string {
  return digestBy('sha256', chunks);
}

/** The digest of chunks one after another, by the algorithm of the digest that they should have. */
export function digestLike(wanted: string, ...chunks: readonly Uint8Array[]): string {
  return digestBy(wanted.startsWith('sha512:') ? 'sha512' : 'sha256', chunks);
}

function digestBy(algorithm: 'sha256' | 'sha512', chunks: readonly Uint8Array[]): string {
  const hash = createHash(algorithm);
  for (const chunk of chunks) hash.update(chunk);
  return `${algorithm}:${hash.digest('hex')}`;
}

/** Whether `text` is a digest that this registry can check. Config Sync and Artifact Registry use sha256. */
function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** `text` when it is a digest; DIGEST_INVALID otherwise. */
export function requireDigest(text: string | undefined): string {
  if (text !== undefined && isDigest(text)) return text;
  const form = 'Digest must be sha256 with 64 lower-case hex digits, or sha512 with 128';
  throw new RegistryError('DIGEST_INVALID', form, { digest: text });
}

/** The whole body of a request; SIZE_INVALID (413) as soon as it is more than `limit` bytes. */
export async function readBody(
  { headers, body }: Request,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const announced = Number(headers.get('content-length'));
  const { bytes, cut } = await readStart(announced > limit ? null : body, limit);
  if (cut || announced > limit) {
    throw new RegistryError('SIZE_INVALID', `Body must be at most ${limit} bytes`);
  }
  return new Uint8Array(bytes);
}

/** First and last byte, both included. */
interface ByteRange {
  readonly first: number;
  readonly last: number;
}

const RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/;
const CONTENT_RANGE = /^(?:bytes )?(\d{1,15})-(\d{1,15})$/;

/**
 * The one range that a download asks for (RFC 9110, section 14.2). `undefined`: none, or one in a form that a server
 * may ignore. `unsatisfiable`: nothing of the blob is in it.
 */
export function parseRange(
  header: string | null,
  size: number,
): ByteRange | 'unsatisfiable' | undefined {
  const [, from, to] = RANGE.exec(header ?? '') ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) return undefined;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (from !== '' && to !== '' && Number(to) < first) return undefined;
  return first > last ? 'unsatisfiable' : { first, last };
}

/** The range that an uploaded chunk claims: `<first>-<last>`, without a unit (OCI distribution 1.1, "Pushing a blob in chunks"). */
export function parseContentRange(header: string): ByteRange | undefined {
  const [, first, last] = CONTENT_RANGE.exec(header) ?? [];
  if (first === undefined || last === undefined) return undefined;
  return { first: Number(first), last: Number(last) };
}
