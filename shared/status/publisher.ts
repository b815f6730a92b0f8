import { encodeEvent, type TopicMessage } from './encode.ts';
import type { StatusEvent } from './events.ts';

export interface StatusPublisherDeps {
  readonly topic: TopicPublisher;
  /** `//countersign.dev/projects/<fleet project>` or `//countersign.dev/kubeconfig`. */
  readonly source: string;
  readonly now: () => Date;
}

export interface StatusPublisher {
  /** Resolves with the message when the broker has it. Throws `publish-failed`; a retry has the same `ce-id`. */
  publish(event: StatusEvent): Promise<TopicMessage>;
}

/**
 * Publishes status events; no ordering key: consumers go by `since`.
 *
 * @example
 * const { attributes } = await createStatusPublisher({ topic, source, now }).publish(event);
 */
export function createStatusPublisher({
  topic,
  source,
  now,
}: StatusPublisherDeps): StatusPublisher {
  return {
    async publish(event) {
      const message = encodeEvent(event, { source, now: now() });
      await topic.publish(message);
      return message;
    },
  };
}

/** One Pub/Sub topic. Every call resolves only once the broker has the messages. Throws `publish-failed`. */
export interface TopicPublisher {
  publish(message: TopicMessage): Promise<void>;
  /**
   * Publishes all of `messages`, holding only a bounded number in memory, and resolves with how many there were.
   * After a failure no further message is taken; those under way are waited for.
   */
  publishMany(messages: Iterable<TopicMessage> | AsyncIterable<TopicMessage>): Promise<number>;
}
