import { ANSWER_MARGIN_MS, MARGIN_SHARE } from './limits.ts';

// Go's time.Duration, as the API server writes `timeoutSeconds` into the address: `10s`, `1m30s`, `500ms`.
const DURATION = /^(?:(\d{1,3})m)?(?:(\d{1,5}(?:\.\d{1,9})?)s)?$|^(\d{1,6})ms$/;

/**
 * Milliseconds that an answer may take: the config's, and always less than the API server waits for it, which it says
 * in the address (`?timeout=10s`). What it does not say in a form that is understood counts as not said.
 */
export function deadlineOf(timeout: string | undefined, deadlineMs: number): number {
  const [whole, minutes = '0', seconds = '0', milliseconds = '0'] =
    DURATION.exec(timeout ?? '') ?? [];
  if (whole === undefined || whole === '') return deadlineMs;
  const waits = Number(minutes) * 60_000 + Number(seconds) * 1000 + Number(milliseconds);
  if (waits <= 0) return deadlineMs;
  const margin = Math.min(ANSWER_MARGIN_MS, waits * MARGIN_SHARE);
  return Math.min(deadlineMs, waits - margin);
}
