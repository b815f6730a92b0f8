import { LRUCache } from 'lru-cache';
import type { CountersignError } from '#shared/core/errors.ts';
import type { CheckCaller } from '#shared/http/access.ts';
import { type App, createApp } from '#shared/http/app.ts';
import type { Log } from '#shared/http/log.ts';
import { withMessage } from '#shared/http/with-message.ts';
import type { Severity } from '#shared/status/events.ts';
import { type Incident, type Incidents, MAX_MEMBERS } from './incidents.ts';
import { type Alert, composeAlert } from './post-alert.ts';
import { classify, readEvent, type AlertEvent } from './read-event.ts';

interface AlertDeskDeps {
  readonly incidents: Incidents;
  /** Resolves once the receiver has accepted the alert. */
  readonly post: (alert: Alert) => Promise<void>;
  readonly severity: Severity;
  readonly groupMs: number;
  /** Cut short by the signal. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

interface AlertDesk {
  /** Resolves when the event may be acknowledged; rejects when it must come again. */
  handle(event: AlertEvent): Promise<void>;
  /** Sends what waits for company, and from now on waits no more: the process is to end. */
  hurry(): void;
}

/**
 * Gathers events into incidents, and sends an alert about each when there is something to say. An event that leads to a
 * message waits until the receiver has accepted that; one that only joins what was sent already does not wait.
 *
 * @example
 * const desk = createAlertDesk({ incidents, post, severity: 'ERROR', groupMs: 10_000, sleep });
 */
export function createAlertDesk(deps: AlertDeskDeps): AlertDesk {
  const { incidents, groupMs } = deps;
  const settled = new LRUCache<string, true>({ max: MAX_MEMBERS });
  const windows = new Map<Incident, Promise<void>>();
  const posting = new Map<Incident, Promise<void>>();
  const ending = new AbortController();

  async function send(incident: Incident): Promise<void> {
    await deps.sleep(groupMs, ending.signal);
    // From here on newcomers wait for the next message; and one message follows the other.
    windows.delete(incident);
    await posting.get(incident)?.catch(() => undefined);
    const post = sendNow(incident);
    posting.set(incident, post);
    try {
      await post;
    } finally {
      if (posting.get(incident) === post) posting.delete(incident);
    }
  }

  async function sendNow(incident: Incident): Promise<void> {
    const due = incidents.due(incident);
    const size = incident.open.size;
    if (due !== undefined) await deps.post(composeAlert(incident, due));
    if (due === 'firing' || due === 'growing') incident.sentSize = size;
    // Over before an alert was sent: there is nothing to send.
    const blip = due === undefined && incident.sentSize === undefined;
    if (due === 'over' || blip || incident.kind === 'notice') incidents.settle(incident);
  }

  return {
    async handle(event) {
      if (settled.has(event.id)) return;
      const changed = incidents.take(event, classify(event, deps.severity));
      await Promise.all(changed.map(wait));
      settled.set(event.id, true);
    },
    hurry() {
      ending.abort();
    },
  };

  async function wait(incident: Incident): Promise<void> {
    const window = windows.get(incident);
    if (window !== undefined) return window;
    if (incidents.due(incident) === undefined && !posting.has(incident)) return undefined;
    const opened = send(incident);
    windows.set(incident, opened);
    return opened;
  }
}

interface AlertsAppDeps {
  readonly desk: AlertDesk;
  readonly checkCaller: CheckCaller;
  readonly log: Log;
  readonly now: () => Date;
}

/**
 * The endpoint of a push subscription on the status topic, as every endpoint of Countersign.
 *
 * @example const app = createAlertsApp({ desk, checkCaller, log, now });
 */
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
