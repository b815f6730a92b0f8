import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { readRetryAfter } from '#shared/net/retry.ts';
import type { Severity } from '#shared/status/events.ts';
import { type AlertEvent, countOf, subjectOf } from './event.ts';
import { nextStepOf } from './next-step.ts';
import type { AlertSettings } from './settings.ts';

/** What a receiver is sent: the body of the generic webhook, as it is. */
export interface Alert {
  readonly version: 1;
  /** The same for all messages of one alert, so that a receiver can join them. */
  readonly id: string;
  readonly status: 'firing' | 'growing' | 'over' | 'notice';
  readonly severity: Severity;
  /** One line. */
  readonly title: string;
  readonly image?: string;
  readonly digest?: string;
  /** ISO 8601: when the first of it began. */
  readonly since: string;
  /** All of them; `members` has the first. */
  readonly count: number;
  readonly members: readonly {
    readonly name: string;
    readonly type: string;
    readonly since: string;
    readonly message: string;
  }[];
  /** What the reader does now; absent once it is over. */
  readonly next?: {
    readonly command: string;
    /** The section of the runbook. */
    readonly link: string;
  };
}

/** Members that are named: more than people read, and a message that fits everywhere. */
const MAX_NAMED = 20;
const MAX_MESSAGE = 300;

/** The message about `events`, the latest of each member of an alert that began with `first`; links go to `runbook`. */
export function composeAlert(
  first: AlertEvent,
  events: readonly AlertEvent[],
  status: Alert['status'],
  runbook: string,
): Alert {
  const { id, type, severity, since, image, digest } = first;
  const title = countOf(events.length, type);
  const over = status === 'over';
  const { command, section } = nextStepOf(first);
  return {
    version: 1,
    id,
    status,
    severity: over ? 'INFO' : severity,
    title: over && !type.endsWith('.recovered') ? `Over: ${title}` : title,
    ...defined({ image, digest }),
    since,
    count: events.length,
    members: events.slice(0, MAX_NAMED).map((event) => ({
      name: subjectOf(event),
      type: event.type,
      since: event.since,
      message: messageOf(event),
    })),
    ...(over ? {} : { next: { command, link: `${runbook}#${section}` } }),
  };
}

function messageOf({ message, errors: [error] }: AlertEvent): string {
  const text = error === undefined ? message : `${message}: ${error.code} ${error.message}`;
  return text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE)}…`;
}

const SIGNS: Readonly<Record<Alert['status'], string>> = {
  firing: ':red_circle:',
  growing: ':red_circle:',
  over: ':large_green_circle:',
  notice: ':large_yellow_circle:',
};

/** An alert as an incoming webhook of Slack takes it. */
function formatSlack(alert: Alert): { text: string } {
  const { status, title, image, digest, members, count, since, next } = alert;
  const about = [image, digest].filter((part) => part !== undefined).map(escape);
  const lines = [
    `${SIGNS[status]} *${escape(title)}*`,
    ...(about.length === 0 ? [] : [about.join(' ')]),
    ...(status === 'over' ? [] : [`Since ${escape(since)}`]),
    ...members.map(({ name, message }) => `• ${escape(name)}: ${escape(message)}`),
    ...(count > members.length ? [`…and ${count - members.length} more`] : []),
    ...(next === undefined ? [] : [`Next: \`${escape(next.command)}\``, escape(next.link)]),
  ];
  return { text: lines.join('\n') };
}

/** Slack's three control characters: no alert calls a whole channel, or hides where a link leads. */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

interface PostDeps {
  readonly fetch: typeof fetch;
  readonly sink: AlertSettings['sink'];
}

/** Slack answers within a second. Far below the subscription's ack deadline. */
const TIMEOUT_MS = 10_000;

/**
 * Sends one alert, and resolves once the receiver has accepted it (2xx). Throws `publish-failed`, never with the URL:
 * anyone that has it can write there.
 */
export async function postAlert(alert: Alert, { fetch, sink }: PostDeps): Promise<void> {
  const headers = new Headers({ 'content-type': 'application/json' });
  if (sink.token !== undefined) headers.set('authorization', `Bearer ${sink.token}`);
  const body = JSON.stringify(sink.kind === 'slack' ? formatSlack(alert) : alert);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const request = { method: 'POST', headers, body, signal, redirect: 'error' } as const;
  const answer = await fetch(sink.url, request).catch((error: unknown) => {
    // Without the cause: it names the URL in some versions of Node.
    const name = error instanceof Error ? error.name : 'unknown failure';
    const message = `The receiver of alerts cannot be reached (${name})`;
    throw new CountersignError('publish-failed', message);
  });
  await answer.body?.cancel();
  if (answer.ok) return;
  const retryAfterMs = readRetryAfter(answer.headers.get('retry-after'), Date.now());
  const message = `The receiver of alerts answered ${answer.status}: see that its webhook still exists`;
  throw new CountersignError('publish-failed', message, defined({ retryAfterMs }));
}
