const CODES = {
  INVALID_ARGUMENT: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  DEADLINE_EXCEEDED: 504,
} as const;

export type GoogleCode = keyof typeof CODES;

/** An answer of Google's own, in Google's JSON: never to be taken for the API server's (google-cloud.md section 4). */
export class GoogleError extends Error {
  override readonly name = 'GoogleError';
  readonly code: GoogleCode;
  readonly retryAfter: number | undefined;

  /** `retryAfter` in seconds. */
  constructor(code: GoogleCode, message: string, retryAfter?: number) {
    super(message);
    this.code = code;
    this.retryAfter = retryAfter;
  }

  toResponse(): Response {
    const status = CODES[this.code];
    const error = { code: status, message: this.message, status: this.code };
    const headers = new Headers();
    if (this.retryAfter !== undefined) headers.set('retry-after', String(this.retryAfter));
    return Response.json({ error }, { status, headers });
  }
}
