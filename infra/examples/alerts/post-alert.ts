import { CountersignError } from '#shared/core/errors.ts';
import type { Alert } from './compose.ts';
import type { AlertSettings } from './settings.ts';
import { formatSlack } from './format-slack.ts';

export interface PostDeps {
  readonly fetch: typeof fetch;
  readonly sink: AlertSettings['sink'];
}

/** Slack answers within a second. Far below the subscription's ack deadline. */
const TIMEOUT_MS = 10_000;
const SECOND_MS = 1000;

/**
 * Sends one alert, and resolves once the receiver has accepted it (2xx). Throws `publish-failed`, never with the URL:
 * whoever has it can write there.
 */
export async function postAlert(alert: Alert, { fetch, sink }: PostDeps): Promise<void> {
  const headers = new Headers({ 'content-type': 'application/json' });
  if (sink.token !== undefined) headers.set('authorization', `Bearer ${sink.token}`);
  const body = JSON.stringify(sink.kind === 'slack' ? formatSlack(alert) : alert);
  const answer = await send(() =>
    fetch(sink.url, {
      method: 'POST',
      headers,
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
    }),
  );
  await answer.body?.cancel();
  if (answer.ok) return;
  const seconds = Number(answer.headers.get('retry-after') ?? Number.NaN);
  const patience = seconds > 0 ? { retryAfterMs: seconds * SECOND_MS } : {};
  const message = `The receiver of alerts answered ${answer.status}: see that its webhook still exists`;
  throw new CountersignError('publish-failed', message, patience);
}

async function send(request: () => Promise<Response>): Promise<Response> {
  try {
    return await request();
  } catch (error) {
    // The cause names the URL in some versions of Node.
    const name = error instanceof Error ? error.name : 'unknown failure';
    throw new CountersignError(
      'publish-failed',
      `The receiver of alerts cannot be reached (${name})`,
    );
  }
}
