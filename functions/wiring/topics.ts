import { PUSHED_AT, type Task } from '#shared/core/task.ts';
import type { Tracing } from '#shared/core/tracing.ts';
import { formatTraceparent, TRACE_ATTRIBUTES } from '#shared/http/trace.ts';
import type { StatusEvent } from '#shared/status/events.ts';
import { createStatusPublisher } from '#shared/status/publisher.ts';
import { type Topics, createTopics } from '#shared/status/pubsub-topic.ts';
import { observeEvent } from '#shared/telemetry/observe-event.ts';
import type { Base } from './base.ts';
import { logEvent, spanAttributesOf } from './log-event.ts';

/** Pub/Sub, or the emulator that the environment names. */
export function openTopics({ env }: Base): Topics {
  const { pubsubEmulatorHost: emulatorHost } = env;
  return createTopics(emulatorHost === undefined ? {} : { emulatorHost });
}

/** Publishes status events as the fleet's project, or as `kubeconfig`; each is a line of the log as well. */
export function openStatus(
  { config, log, telemetry, now }: Base,
  topics: Topics,
): (event: StatusEvent) => Promise<void> {
  const { tracing, meter } = telemetry;
  const source = `//countersign.dev/${config.fleet.source}`;
  const topic = topics.publisher(config.topics.status);
  const publisher = createStatusPublisher({ topic, source, now });
  return (event) => {
    const attributes = { 'messaging.system': 'gcp_pubsub', ...spanAttributesOf(event) };
    return tracing.span('publish status', { kind: 'producer', attributes }, async () => {
      const message = await publisher.publish({ ...event, ...traceOf(tracing) });
      logEvent(event, message.attributes['ce-id'], log);
      observeEvent(event, meter, now());
    });
  };
}

/** Publishes tasks, ordered per cluster. `pushedAt` is when the notification was published that they are for. */
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
      const shared = {
        ...(pushedAt === undefined ? {} : { [PUSHED_AT]: pushedAt.toISOString() }),
        ...attributeOf(tracing),
      };
      const messages = tasks.map((task) => ({
        data: Buffer.from(JSON.stringify(task)),
        attributes: { reason: task.reason, ...shared },
        orderingKey: task.cluster,
      }));
      await topic.publishMany(messages);
    });
  };
}

function attributeOf(tracing: Tracing): Readonly<Record<string, string>> {
  const { traceparent } = traceOf(tracing);
  return traceparent === undefined ? {} : { [TRACE_ATTRIBUTES[0]]: traceparent };
}

function traceOf(tracing: Tracing): { readonly traceparent?: string } {
  const trace = tracing.current();
  return trace === undefined ? {} : { traceparent: formatTraceparent(trace) };
}
