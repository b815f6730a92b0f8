import { encodeEvent, type TopicMessage } from './encode.ts';
import type { StatusEvent } from './events.ts';
import type { TopicPublisher } from './topic.ts';

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

/** Publishes status events; no ordering key: consumers go by `since`. */
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
