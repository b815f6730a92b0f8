import type { CheckQuestion } from '#shared/core/rollout/checks.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { GoogleFailure, askGoogle, trustsOrigin } from '#shared/net/google-rest.ts';
import { MAX_ANSWER_BYTES } from './limits.ts';
import { NoAnswer } from './no-answer.ts';
import { oneLine, readNumber } from './read-number.ts';

/** The one host that gets our token for this. */
const MONITORING = 'https://monitoring.googleapis.com';

export interface MonitoringDeps {
  readonly fetch: typeof fetch;
  readonly googleToken: () => Promise<string>;
}

/**
 * The number that a PromQL query over Cloud Monitoring gives (docs/facts/google-cloud.md#cloud-monitoring). Throws
 * `NoAnswer`.
 *
 * @example
 * await askMonitoring({ ...question, project: 'acme', query: 'sum(rate(errors_total[5m]))' }, signal, { fetch, googleToken })
 */
export async function askMonitoring(
  { project, query }: Extract<CheckQuestion, { readonly type: 'monitoring' }>,
  signal: AbortSignal,
  { fetch, googleToken }: MonitoringDeps,
): Promise<number> {
  const place = `${MONITORING}/v1/projects/${encodeURIComponent(project)}/location/global/prometheus/api/v1/query`;
  const url = new URL(place);
  url.searchParams.set('query', query);
  const identity = { googleToken, trusts: trustsOrigin(MONITORING) };
  try {
    const ask = { url, signal, maxBytes: MAX_ANSWER_BYTES };
    return readNumber(await askGoogle(ask, { fetch, identity }));
  } catch (error) {
    throw asNoAnswer(error);
  }
}

function asNoAnswer(error: unknown): unknown {
  if (error instanceof GoogleFailure) {
    const { message, enable = '', retry } = error;
    const text = `Cloud Monitoring: ${message}${enable === '' ? '' : `; ${enable}`}`;
    return new NoAnswer(oneLine(text), { retry, cause: error });
  }
  if (error instanceof CountersignError) {
    return new NoAnswer(oneLine(error.message), { retry: false, cause: error });
  }
  return error;
}
