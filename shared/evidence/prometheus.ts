import * as z from 'zod';
import type { CheckQuestion } from '#shared/core/rollout/checks.ts';
import { secretsIn, withoutSecrets } from '#shared/core/sent-secrets.ts';
import { withoutUrlSecrets } from '#shared/core/url-secrets.ts';
import { parseJson } from '#shared/net/json.ts';
import { NoAnswer } from './no-answer.ts';
import { oneLine, readNumber } from './read-number.ts';
import { type SendDeps, noAnswer, send } from './send.ts';

/** Prometheus' own words for a query that it refuses. */
const Refusal = z.object({ status: z.literal('error'), error: z.string() });

/**
 * The number that an instant query gives, at this moment of the server's clock. Throws `NoAnswer`.
 *
 * @example
 * await askPrometheus({ ...question, query: 'sum(rate(errors_total[5m]))' }, signal, { fetch, readFile })
 */
export async function askPrometheus(
  { url, query, tokenFile }: Extract<CheckQuestion, { readonly type: 'prometheus' }>,
  signal: AbortSignal,
  deps: SendDeps,
): Promise<number> {
  const place = new URL(`${url.replace(/\/+$/, '')}/api/v1/query`);
  const form = new URLSearchParams({ query });
  const { status, bytes, cut, headers } = await send({ url: place, form, tokenFile, signal }, deps);
  // What it repeats of our token is shown nowhere.
  const answer = parseJson(withoutSecrets(bytes.toString('utf8'), secretsIn(headers)));
  if (status !== 200) throw refused(status, answer);
  if (cut) throw new NoAnswer('Its answer is too large: aggregate in the query', { retry: false });
  return readNumber(answer);
}

function refused(status: number, answer: unknown): NoAnswer {
  const text = Refusal.safeParse(answer).data?.error ?? '';
  return noAnswer(status, oneLine(withoutUrlSecrets(text)));
}
