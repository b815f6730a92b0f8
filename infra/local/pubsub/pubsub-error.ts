import { status as grpcStatus } from '@grpc/grpc-js';

/** The canonical statuses this service answers with, and what each is in HTTP. */
const HTTP_CODES = {
  CANCELLED: 499,
  INVALID_ARGUMENT: 400,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  FAILED_PRECONDITION: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
} as const;

/** A refusal, as Google's APIs word one: a canonical status and a text for people. */
export class PubsubError extends Error {
  override readonly name = 'PubsubError';
  readonly status: keyof typeof HTTP_CODES;

  constructor(status: keyof typeof HTTP_CODES, message: string) {
    super(message);
    this.status = status;
  }

  get grpcCode(): number {
    return grpcStatus[this.status];
  }

  get httpCode(): number {
    return HTTP_CODES[this.status];
  }
}

/** Anything thrown, as a PubsubError; what this service did not throw itself is INTERNAL. */
export function toPubsubError(error: unknown): PubsubError {
  if (error instanceof PubsubError) return error;
  return new PubsubError('INTERNAL', error instanceof Error ? error.message : String(error));
}
