/** What a unary call comes to. */
export interface GrpcAnswer {
  readonly code: number;
  readonly text: string;
  readonly message?: Buffer;
}

export const UNIMPLEMENTED = 12;
const UNKNOWN = 2;

/** Codes of gRPC by the status of Google's JSON. */
const CODES: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 3,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  FAILED_PRECONDITION: 9,
  UNAUTHENTICATED: 16,
};

export function codeOf(status: string): number {
  return CODES[status] ?? UNKNOWN;
}
