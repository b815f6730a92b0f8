import { CountersignError, type FailureCode } from '#shared/core/errors.ts';
import { errorsSchema } from './schema.ts';
import type { Answer } from './send.ts';

/** A registry that asks for more patience than this is asked again by the caller's own schedule. */
const MAX_RETRY_AFTER_MS = 60 * 60 * 1000;

/** The failure behind an answer that is neither 200 nor an absence; `what` begins a sentence. */
export function failureOf(answer: Answer, what: string, now: Date): CountersignError {
  const { status } = answer;
  const code = codeOf(status);
  const options = retryAfter(answer.headers.get('retry-after'), now);
  if (code !== 'registry-denied') {
    return new CountersignError(code, `${what} was answered with status ${status}`, options);
  }
  return new CountersignError(
    code,
    `${what} was denied with status ${status}: grant Countersign's identity read access, or fix the "auth" of its entry in "registries"`,
  );
}

function codeOf(status: number): FailureCode {
  if (status === 401 || status === 403) return 'registry-denied';
  if (status === 408 || status === 429 || status >= 500) return 'registry-unavailable';
  return 'registry-misbehaved';
}

/**
 * Whether a 404 is the registry's own word that something does not exist: an error document of OCI distribution 1.1
 * ("Error Codes"), or nothing at all. A page in HTML or plain text comes from whatever stands before the registry,
 * and a 404 behind a redirect from its storage: neither may make a signed image look unsigned.
 */
export function isAbsence(answer: Answer): boolean {
  if (answer.status !== 404 || answer.foreign) return false;
  if (answer.bytes.length === 0) return true;
  return errorsSchema.safeParse(parseJson(answer.bytes)).success;
}

/** The JSON value of an answer's body; undefined when it is none. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/** RFC 9110, section 10.2.3: seconds, or a date. */
function retryAfter(header: string | null, now: Date): { retryAfterMs?: number } {
  if (header === null) return {};
  const asked = /^\d+$/.test(header)
    ? Number(header) * 1000
    : new Date(header).getTime() - now.getTime();
  if (Number.isNaN(asked)) return {};
  return { retryAfterMs: Math.min(Math.max(asked, 0), MAX_RETRY_AFTER_MS) };
}
