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
