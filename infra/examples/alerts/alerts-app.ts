import type { CountersignError } from '#shared/core/errors.ts';
import { type App, createApp } from '#shared/http/app.ts';
import type { CheckCaller } from '#shared/http/access.ts';
import type { Log } from '#shared/http/log.ts';
import { withMessage } from '#shared/http/with-message.ts';
import type { AlertDesk } from './alert-desk.ts';
import { readEvent } from './read-event.ts';

export interface AlertsAppDeps {
  readonly desk: AlertDesk;
  readonly checkCaller: CheckCaller;
  readonly log: Log;
  readonly now: () => Date;
}

/** The endpoint of a push subscription on the status topic, as every endpoint of Countersign. */
export function createAlertsApp({ desk, checkCaller, log, now }: AlertsAppDeps): App {
  const app = createApp({ log, ready: () => Promise.resolve() });
  const deps = {
    checkCaller,
    now,
    // Nothing here is worth keeping: what is no status event is logged, by withMessage, and acknowledged.
    deadLetter: () => Promise.resolve(),
    // An alert is never given up here, however long the receiver refuses: its subscription decides.
    reportFailure: (failure: CountersignError) => Promise.reject(failure),
  };
  app.post(
    '/',
    withMessage((message) => desk.handle(readEvent(message)), deps),
  );
  return app;
}
