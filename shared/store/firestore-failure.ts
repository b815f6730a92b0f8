import { CountersignError } from '#shared/core/errors.ts';
import { Refusal } from './firestore-schema.ts';

/** Why an attempt failed, and whether another one at once may do better. */
export class AttemptFailed extends Error {
  override readonly name = 'AttemptFailed';
  readonly repeat: boolean;
  /** Canonical status of Google's APIs, where the answer had one. */
  readonly status: string | undefined;

  constructor(message: string, options: { repeat: boolean; status?: string; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.repeat = options.repeat;
    this.status = options.status;
  }
}

/** Somebody else was faster: what was written depended on what has changed since. */
const CONFLICTS: ReadonlySet<string> = new Set(['FAILED_PRECONDITION', 'ALREADY_EXISTS']);

export function isConflict(error: unknown): boolean {
  return error instanceof AttemptFailed && CONFLICTS.has(error.status ?? '');
}

/** The failure in an answer that is not 200. */
export function readFirestoreFailure(httpStatus: number, text: string): AttemptFailed {
  const { status, message } = readRefusal(text) ?? {
    status: undefined,
    message: 'no reason given',
  };
  // 401: the token expired on its way. 409 is also ALREADY_EXISTS, which a repetition would not change.
  const repeat =
    status === 'ABORTED' ||
    httpStatus === 401 ||
    httpStatus === 408 ||
    httpStatus === 429 ||
    httpStatus >= 500;
  const said = `it answered ${httpStatus}${status === undefined ? '' : ` ${status}`}: ${message}`;
  const fix = FIXES[httpStatus];
  return new AttemptFailed(fix === undefined ? said : `${said}; ${fix}`, {
    repeat,
    ...(status === undefined ? {} : { status }),
  });
}

const FIXES: Readonly<Record<number, string>> = {
  403: 'grant roles/datastore.user on the database',
  404: 'create the database that store.firestore names',
};

/** `store-unavailable` for whatever went wrong. Repeated by whoever called: a permission may be granted meanwhile. */
export function storeUnavailable(cause: unknown): CountersignError {
  if (cause instanceof CountersignError && cause.code === 'store-unavailable') return cause;
  const why = cause instanceof Error ? cause.message : 'unknown failure';
  return new CountersignError('store-unavailable', `The Firestore store failed: ${why}`, { cause });
}

/** A stream is an array in JSON; one that fails midway answers 200, with the error as its last element. */
export function readStreamFailure(answer: unknown): AttemptFailed | undefined {
  if (!Array.isArray(answer)) return undefined;
  const refusal = Refusal.safeParse(answer.at(-1)).data;
  return refusal && readFirestoreFailure(refusal.error.code, JSON.stringify(refusal));
}

/** Streaming calls wrap their refusal into an array. */
function readRefusal(text: string): { status: string; message: string } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Refusal.safeParse(Array.isArray(value) ? value[0] : value).data?.error;
  } catch {
    return undefined;
  }
}
