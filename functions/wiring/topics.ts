import { defined } from '#shared/core/defined.ts';
import { PUSHED_AT, type Task } from '#shared/core/task.ts';
import type { Tracing } from '#shared/core/tracing.ts';
import { withoutUrlSecrets } from '#shared/core/url-secrets.ts';
import type { Log } from '#shared/http/log.ts';
import { formatTraceparent, TRACE_ATTRIBUTES } from '#shared/http/trace.ts';
import { encodeEvent } from '#shared/status/encode.ts';
import { severityOf, type StatusEvent } from '#shared/status/events.ts';
import type { Topics } from '#shared/status/pubsub-topic.ts';
import type { MetricFields } from '#shared/telemetry/metrics.ts';
import { observeEvent } from '#shared/telemetry/observe-event.ts';
import type { Base } from './base.ts';

/**
 * Publishes status events as the fleet's project, or as `kubeconfig`; each is a line of the log as well.
 *
 * @example
 * const publish = openStatus(base, topics);
 */
export function openStatus(
  { config, log, telemetry, now }: Base,
  topics: Topics,
): (event: StatusEvent) => Promise<void> {
  const { tracing, meter } = telemetry;
  const source = `//countersign.dev/${config.fleet.source}`;
  const topic = topics.publisher(config.topics.status);
  return (event) => {
    const attributes: Record<string, string> = {
      'messaging.system': 'gcp_pubsub',
      'countersign.event': event.type,
    };
    for (const [name, value] of Object.entries(placeOf(event))) {
      attributes[`countersign.${name}`] = value;
    }
    return tracing.span('publish status', { kind: 'producer', attributes }, async () => {
      const message = encodeEvent({ ...event, ...traceOf(tracing) }, { source, now: now() });
      await topic.publish(message);
      observeEvent(event, meter, now());
      logEvent(event, message.attributes['ce-id'], log, meter.ride());
    });
  };
}

/**
 * Publishes tasks, ordered per cluster. `pushedAt` is when the notification was published that they are for.
 *
 * @example
 * await openTasks(base, topics, config.topics.tasks)([{ cluster, reason: 'push' }]);
 */
export function openTasks(
  { telemetry: { tracing } }: Base,
  topics: Topics,
  name: string,
): (tasks: readonly Task[], pushedAt?: Date) => Promise<void> {
  const topic = topics.publisher(name);
  return (tasks, pushedAt) => {
    const attributes = {
      'messaging.system': 'gcp_pubsub',
      'messaging.destination.name': name.split('/').at(-1),
      'messaging.batch.message_count': tasks.length,
    };
    return tracing.span('fan out', { kind: 'producer', attributes }, async () => {
      const shared = defined({
        [PUSHED_AT]: pushedAt?.toISOString(),
        [TRACE_ATTRIBUTES[0]]: traceOf(tracing).traceparent,
      });
      const messages = tasks.map((task) => ({
        data: Buffer.from(JSON.stringify(task)),
        attributes: { reason: task.reason, ...shared },
        orderingKey: task.cluster,
      }));
      await topic.publishMany(messages);
    });
  };
}

function traceOf(tracing: Tracing): { readonly traceparent?: string } {
  const trace = tracing.current();
  return defined({ traceparent: trace && formatTraceparent(trace) });
}

/** The message of every event's line: alerts on the log look for it, beside `event`. */
const EVENT_MESSAGE = 'Event published';

/** Codes of one line; the event itself has more. */
const MAX_CODES = 10;

/**
 * An event that the broker has, as a line of the log: alert policies watch logs, and cannot watch a topic. Its severity
 * is the event's.
 */
export function logEvent(
  event: StatusEvent,
  eventId: string | undefined,
  log: Pick<Log, 'info' | 'warn' | 'error'>,
  metrics: MetricFields = {},
): void {
  const { type, data } = event;
  const codes = [...new Set(data.errors.map(({ code }) => code))].slice(0, MAX_CODES);
  const fields = {
    event: type,
    eventId,
    ...placeOf(event),
    ...defined({
      codes: codes.length === 0 ? undefined : codes,
      breakGlass: 'breakGlass' in data ? (data.breakGlass?.length ?? 0) : undefined,
    }),
    text: withoutUrlSecrets(data.message),
    ...metrics,
  };
  const level = { INFO: 'info', WARNING: 'warn', ERROR: 'error' } as const;
  log[level[severityOf(event)]](fields, EVENT_MESSAGE);
}

/** Which image, cluster, RSync and stage it is about. */
function placeOf(event: StatusEvent): Readonly<Record<string, string>> {
  const data: Readonly<Record<string, unknown>> = event.data;
  const place: Record<string, string> = {};
  for (const name of PLACE) {
    const value = data[name];
    if (typeof value === 'string') place[name] = value;
  }
  return place;
}

const PLACE = ['image', 'digest', 'cluster', 'sync', 'phase', 'stage'] as const;
