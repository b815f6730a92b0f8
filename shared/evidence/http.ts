import type { CheckOutcome, CheckQuestion } from '#shared/core/rollout/checks.ts';
import { NoAnswer } from './no-answer.ts';
import { type SendDeps, isAnswer, noAnswer, send } from './send.ts';

/** What a request was answered with, and whether that is good. */
export interface HttpAnswer {
  readonly outcome: CheckOutcome;
  readonly status: number;
}

/**
 * Whether a GET is answered as the check says. A server that fails, or is busy, says nothing about the digest. Throws
 * `NoAnswer`.
 *
 * @example
 * await askHttp({ type: 'http', url: 'https://shop.acme.example/ready', status: 200 }, signal, { fetch, readFile })
 */
export async function askHttp(
  { url, status: wanted, contains, tokenFile }: Extract<CheckQuestion, { readonly type: 'http' }>,
  signal: AbortSignal,
  deps: SendDeps,
): Promise<HttpAnswer> {
  const { status, bytes, cut } = await send({ url: new URL(url), tokenFile, signal }, deps);
  if (status !== wanted) {
    if (isAnswer(status)) return { outcome: 'failed', status };
    throw noAnswer(status);
  }
  if (contains === undefined) return { outcome: 'met', status };
  if (bytes.toString('utf8').includes(contains)) return { outcome: 'met', status };
  if (!cut) return { outcome: 'failed', status };
  throw new NoAnswer('Its answer is too large to be looked through', { retry: false });
}
