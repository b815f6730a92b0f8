import { PubSub, v1 } from '@google-cloud/pubsub';
import { PassThroughClient } from 'google-auth-library';
import { defined } from '#shared/core/defined.ts';

/**
 * A client for one project. This file is only ever imported dynamically: it is the heavy part, and a bundle keeps the
 * named exports of CommonJS packages only where a module imports them statically.
 */
export function connectPubSub(
  projectId: string | undefined,
  emulatorHost: string | undefined,
): PubSub {
  const project = defined({ projectId });
  if (emulatorHost === undefined) return new PubSub(project);
  // Without a client for credentials it would look for some, for seconds where there is no Google.
  const authClient = new PassThroughClient();
  return new PubSub({ ...project, apiEndpoint: emulatorHost, emulatorMode: true, authClient });
}

/** Pub/Sub's own largest answer to a pull is below this. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/** Google's generated clients, one call each. */
export interface PubsubClients {
  readonly subscriber: v1.SubscriberClient;
  readonly publisher: v1.PublisherClient;
}

/** The clients of single calls, of any project. */
export function connectCalls(emulatorHost: string | undefined): PubsubClients {
  return {
    subscriber: new v1.SubscriberClient(callOptions(emulatorHost)),
    publisher: connectPublisher(emulatorHost),
  };
}

/** The client that publishes, to topics of any project. */
export function connectPublisher(emulatorHost: string | undefined): v1.PublisherClient {
  return new v1.PublisherClient(callOptions(emulatorHost));
}

/** What an emulator takes in place of TLS and credentials is in the options of a whole client. */
function callOptions(
  emulatorHost: string | undefined,
): ConstructorParameters<typeof v1.PublisherClient>[0] {
  const { options } = connectPubSub(undefined, emulatorHost);
  const bounded = { ...options, 'grpc.max_receive_message_length': MAX_ANSWER_BYTES };
  return bounded;
}
