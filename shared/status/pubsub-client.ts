import { PubSub } from '@google-cloud/pubsub';
import { PassThroughClient } from 'google-auth-library';

/**
 * A client for one project. This file is only ever imported dynamically: it is the heavy part, and a bundle keeps the
 * named exports of CommonJS packages only where a module imports them statically.
 */
export function connectPubSub(projectId: string, emulatorHost: string | undefined): PubSub {
  if (emulatorHost === undefined) return new PubSub({ projectId });
  // Without a client for credentials it would look for some, for seconds where there is no Google.
  const authClient = new PassThroughClient();
  return new PubSub({ projectId, apiEndpoint: emulatorHost, emulatorMode: true, authClient });
}
