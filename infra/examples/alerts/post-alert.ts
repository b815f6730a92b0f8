import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { Severity } from '#shared/status/events.ts';
import type { Incident } from './incidents.ts';
import type { AlertEvent } from './read-event.ts';
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
}

/** Members that are named: more than people read, and a message that fits everywhere. */
const MAX_NAMED = 20;
const MAX_MESSAGE = 300;

const WORDS: Readonly<Record<string, string>> = {
  'cluster.unreachable': 'unreachable',
  'cluster.recovered': 'reachable again',
  'sync.failed': 'failed to sync',
  'sync.blocked': 'blocked',
  'sync.stalled': 'stalled',
  'sync.unguarded': 'unguarded',
  'sync.refused': 'refused',
  'sync.recovered': 'recovered',
  'image.unsigned': 'still unsigned',
  'image.untrusted': 'untrusted',
  'image.unusable': 'unusable',
  'image.unchecked': 'not to be checked',
  'rollout.degraded': 'degraded',
  'sweep.braked': 'braked',
  'withdrawal.unchecked': 'cannot be judged',
};

/** The message about an incident as it stands. */
export function composeAlert(incident: Incident, due: 'firing' | 'growing' | 'over'): Alert {
  const { id, first, kind, open, closed } = incident;
  const events = [...(due === 'over' ? closed : open).values()];
  const { image, digest } = first;
  return {
    version: 1,
    id,
    status: kind === 'notice' ? 'notice' : due,
    severity: due === 'over' ? 'INFO' : first.severity,
    title: titleOf(events, first, due),
    ...defined({ image, digest }),
    since: first.since,
    count: events.length,
    members: events.slice(0, MAX_NAMED).map((event) => ({
      name: nameOf(event),
      type: event.type,
      since: event.since,
      message: messageOf(event),
    })),
  };
}

function titleOf(events: readonly AlertEvent[], first: AlertEvent, due: string): string {
  const [family = ''] = first.type.split('.');
  const nouns: Readonly<Record<string, readonly [string, string]>> = {
    cluster: ['cluster', 'clusters'],
    sync: ['RSync', 'RSyncs'],
    image: ['image', 'images'],
    rollout: ['roll-out', 'roll-outs'],
    sweep: ['sweep', 'sweeps'],
  };
  const [one, many] = nouns[family] ?? ['event', 'events'];
  const noun = events.length === 1 ? one : many;
  const words = WORDS[first.type] ?? first.type;
  const title = `${events.length} ${noun} ${words}`;
  return due === 'over' && !first.type.endsWith('.recovered') ? `Over: ${title}` : title;
}

function nameOf({ cluster, sync, image }: AlertEvent): string {
  if (cluster === undefined) return image ?? 'fleet';
  return sync === undefined ? cluster : `${cluster}/${sync}`;
}

function messageOf({ message, errors }: AlertEvent): string {
  const [error] = errors;
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
  const { status, title, image, digest, members, count, since } = alert;
  const about = [image, digest].filter((part) => part !== undefined).map(escape);
  const lines = [
    `${SIGNS[status]} *${escape(title)}*`,
    ...(about.length === 0 ? [] : [about.join(' ')]),
    ...(status === 'over' ? [] : [`Since ${escape(since)}`]),
    ...members.map(({ name, message }) => `• ${escape(name)}: ${escape(message)}`),
    ...(count > members.length ? [`…and ${count - members.length} more`] : []),
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
const SECOND_MS = 1000;

/**
 * Sends one alert, and resolves once the receiver has accepted it (2xx). Throws `publish-failed`, never with the URL:
 * anyone that has it can write there.
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
