import { LRUCache } from 'lru-cache';
import type { CountersignError } from '#shared/core/errors.ts';
import type { CheckCaller } from '#shared/http/access.ts';
import { type App, createApp } from '#shared/http/app.ts';
import type { Log } from '#shared/http/log.ts';
import { withMessage } from '#shared/http/with-message.ts';
import type { Severity } from '#shared/status/events.ts';
import { type Alert, composeAlert } from './alert.ts';
import { type AlertEvent, type Meaning, classify, readEvent } from './event.ts';

/** Alerts that are open at once; the oldest is forgotten for one more, and never closed. */
export const MAX_INCIDENTS = 500;

/** Members of all incidents, and their last events: some 500 bytes each. */
const MAX_MEMBERS = 20_000;

/** Members that fail, or failed, for one reason. */
interface Incident {
  readonly group: string;
  readonly kind: Meaning['kind'];
  /** Its id is the alert's: a repetition of it opens the same. */
  readonly first: AlertEvent;
  /** Those that are wrong now, with the last event of each. */
  readonly open: Map<string, AlertEvent>;
  /** Those that are right again. */
  readonly closed: Map<string, AlertEvent>;
  /** How many were open when the receiver last accepted a message; undefined before the first. */
  sentSize?: number;
  /** The message that waits for company, and the one that is being sent. */
  waiting?: Promise<void> | undefined;
  posting?: Promise<void>;
}

interface AlertDeskDeps {
  /** Resolves once the receiver has accepted the alert. */
  readonly post: (alert: Alert) => Promise<void>;
  /** Called with the first event of an incident that had to go for another. */
  readonly onForgotten: (first: AlertEvent) => void;
  readonly severity: Severity;
  readonly groupMs: number;
  /** Where the runbook can be read: alerts link to its sections. */
  readonly runbook: string;
  /** Cut short by the signal. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

interface AlertDesk {
  /** Resolves when the event may be acknowledged; rejects when it must come again. */
  readonly handle: (event: AlertEvent) => Promise<void>;
  /** Sends what waits for company, and from now on waits no more: the process is to end. */
  readonly hurry: () => void;
}

/**
 * Gathers events into incidents, and sends an alert about each when there is something to say. An event that leads to a
 * message waits until the receiver has accepted that; one that only joins what was sent already does not wait. All is
 * in memory, and bounded: README.md says what a restart forgets.
 *
 * @example
 * const desk = createAlertDesk({ post, onForgotten, severity: 'ERROR', groupMs: 10_000, runbook, sleep });
 */
export function createAlertDesk(deps: AlertDeskDeps): AlertDesk {
  const { post, onForgotten, severity, groupMs, runbook, sleep } = deps;
  const settled = new LRUCache<string, true>({ max: MAX_MEMBERS });
  const byGroup = new Map<string, Incident>();
  const byMember = new LRUCache<string, Incident>({
    max: MAX_MEMBERS,
    dispose: (incident, member, reason) => {
      if (reason === 'evict') incident.open.delete(member);
    },
  });
  /** When the last event of each member was published: deliveries come in any order. */
  const lastAt = new LRUCache<string, number>({ max: MAX_MEMBERS });
  const ending = new AbortController();

  function incidentOf({ group, kind }: Meaning, first: AlertEvent): Incident {
    const existing = byGroup.get(group);
    if (existing !== undefined) return existing;
    const [oldest] = byGroup.values();
    if (byGroup.size >= MAX_INCIDENTS && oldest !== undefined) {
      byGroup.delete(oldest.group);
      onForgotten(oldest.first);
    }
    const incident = { group, kind, first, open: new Map(), closed: new Map() };
    byGroup.set(group, incident);
    return incident;
  }

  /** The incidents that the event changes: one, or none, or two where it ends one. Twice, it changes nothing. */
  function take(event: AlertEvent, meaning: Meaning): readonly Incident[] {
    const { kind, member } = meaning;
    if (event.at < (lastAt.get(member) ?? 0)) return [];
    if (kind !== 'notice') lastAt.set(member, event.at);
    const before = byMember.get(member);
    // An image that verifies and a roll-out that completes are mostly no recovery at all.
    const isNews = before !== undefined || event.type.endsWith('.recovered');
    if (kind === 'recovery' && !isNews) return [];
    const incident = (kind === 'recovery' && before) || incidentOf(meaning, event);
    if (kind === 'recovery') {
      close(incident, member, event);
      return [incident];
    }
    incident.open.set(member, event);
    if (kind === 'notice') return [incident];
    incident.closed.delete(member);
    byMember.set(member, incident);
    if (before === undefined || before === incident) return [incident];
    // It fails over something else now: that is the end of the first.
    close(before, member, event);
    return [before, incident];
  }

  /** Forgets an incident once its end is sent, or once there is nothing to send. */
  function settle(incident: Incident): void {
    if (byGroup.get(incident.group) === incident) byGroup.delete(incident.group);
    for (const member of [...incident.open.keys(), ...incident.closed.keys()]) {
      if (byMember.get(member) === incident) byMember.delete(member);
    }
  }

  async function wait(incident: Incident): Promise<void> {
    const { waiting, posting } = incident;
    if (waiting === undefined && posting === undefined && dueOf(incident) === undefined) return;
    incident.waiting ??= send(incident);
    await incident.waiting;
  }

  async function send(incident: Incident): Promise<void> {
    await sleep(groupMs, ending.signal);
    // From here on newcomers wait for the next message; and one message follows the other.
    incident.waiting = undefined;
    await incident.posting?.catch(() => undefined);
    const posting = sendNow(incident);
    incident.posting = posting;
    try {
      await posting;
    } finally {
      if (incident.posting === posting) delete incident.posting;
    }
  }

  async function sendNow(incident: Incident): Promise<void> {
    const { kind, first, open, closed, sentSize } = incident;
    const due = dueOf(incident);
    const { size } = open;
    if (due !== undefined) {
      const events = [...(due === 'over' ? closed : open).values()];
      await post(composeAlert(first, events, kind === 'notice' ? 'notice' : due, runbook));
    }
    if (due === 'firing' || due === 'growing') incident.sentSize = size;
    // Over before an alert was sent: there is nothing to send.
    const blip = due === undefined && sentSize === undefined;
    if (due === 'over' || blip || kind === 'notice') settle(incident);
  }

  return {
    async handle(event) {
      if (settled.has(event.id)) return;
      const meaning = classify(event, severity);
      if (meaning !== undefined) await Promise.all(take(event, meaning).map(wait));
      settled.set(event.id, true);
    },
    hurry: () => ending.abort(),
  };
}

function close(incident: Incident, member: string, event: AlertEvent): void {
  incident.open.delete(member);
  incident.closed.set(member, event);
}

/** What there is to send about it, as it stands. */
function dueOf(incident: Incident): 'firing' | 'growing' | 'over' | undefined {
  const { kind, open, closed, sentSize } = incident;
  if (kind === 'recovery') return closed.size > 0 ? 'over' : undefined;
  if (sentSize === undefined) return open.size > 0 ? 'firing' : undefined;
  if (open.size === 0) return 'over';
  // Each next message is about twice as many: a thousand clusters that fail one by one are ten messages.
  return open.size >= 2 * sentSize ? 'growing' : undefined;
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
  const handle = withMessage((message) => desk.handle(readEvent(message)), {
    checkCaller,
    now,
    // Nothing here is worth keeping: what is no status event is logged, by withMessage, and acknowledged.
    deadLetter: () => Promise.resolve(),
    // An alert is never given up here, however long the receiver refuses: its subscription decides.
    reportFailure: (failure: CountersignError) => Promise.reject(failure),
  });
  app.post('/', handle);
  return app;
}
