/** The canonical codes this service answers with, and what each is in gRPC and in HTTP. */
const CODES = {
  CANCELLED: { grpc: 1, http: 499 },
  INVALID_ARGUMENT: { grpc: 3, http: 400 },
  NOT_FOUND: { grpc: 5, http: 404 },
  ALREADY_EXISTS: { grpc: 6, http: 409 },
  FAILED_PRECONDITION: { grpc: 9, http: 400 },
  UNIMPLEMENTED: { grpc: 12, http: 501 },
  INTERNAL: { grpc: 13, http: 500 },
  UNAVAILABLE: { grpc: 14, http: 503 },
} as const;

export type PubsubStatus = keyof typeof CODES;

/** A refusal, as Google's APIs word one: a canonical status and a text for people. */
export class PubsubError extends Error {
  override readonly name = 'PubsubError';
  readonly status: PubsubStatus;

  constructor(status: PubsubStatus, message: string) {
    super(message);
    this.status = status;
  }

  get grpcCode(): number {
    return CODES[this.status].grpc;
  }

  get httpCode(): number {
    return CODES[this.status].http;
  }
}

/** Anything thrown, as a PubsubError; what we did not throw ourselves is INTERNAL. */
export function toPubsubError(error: unknown): PubsubError {
  if (error instanceof PubsubError) return error;
  return new PubsubError('INTERNAL', error instanceof Error ? error.message : String(error));
}
