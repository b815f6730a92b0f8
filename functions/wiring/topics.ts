import type { Task } from '#shared/core/task.ts';
import type { StatusEvent } from '#shared/status/events.ts';
import { createStatusPublisher } from '#shared/status/publisher.ts';
import { type Topics, createTopics } from '#shared/status/pubsub-topic.ts';
import type { Base } from './base.ts';

/** Pub/Sub, or the emulator that the environment names. */
export function openTopics({ env }: Base): Topics {
  const { pubsubEmulatorHost: emulatorHost } = env;
  return createTopics(emulatorHost === undefined ? {} : { emulatorHost });
}

/** Publishes status events as the fleet's project, or as `kubeconfig`. */
export function openStatus(
  { config, now }: Base,
  topics: Topics,
): (event: StatusEvent) => Promise<void> {
  const { fleet } = config;
  const [project] = fleet.type === 'gkeHub' ? fleet.projects : [];
  const source = `//countersign.dev/${project === undefined ? 'kubeconfig' : `projects/${project}`}`;
  const topic = topics.publisher(config.topics.status);
  const publisher = createStatusPublisher({ topic, source, now });
  return (event) => publisher.publish(event);
}

/** Publishes tasks, ordered per cluster. */
export function openTasks(topics: Topics, name: string): (tasks: readonly Task[]) => Promise<void> {
  const topic = topics.publisher(name);
  return async (tasks) => {
    const messages = tasks.map((task) => ({
      data: Buffer.from(JSON.stringify(task)),
      attributes: { reason: task.reason },
      orderingKey: task.cluster,
    }));
    await topic.publishMany(messages);
  };
}
