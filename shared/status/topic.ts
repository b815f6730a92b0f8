import type { TopicMessage } from './encode.ts';

/** One Pub/Sub topic. Every call resolves only once the broker has the messages. Throws `publish-failed`. */
export interface TopicPublisher {
  publish(message: TopicMessage): Promise<void>;
  /**
   * Publishes all of `messages`, holding only a bounded number in memory, and resolves with how many there were.
   * After a failure no further message is taken; those under way are waited for.
   */
  publishMany(messages: Iterable<TopicMessage> | AsyncIterable<TopicMessage>): Promise<number>;
}
