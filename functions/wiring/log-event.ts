import { withoutUrlSecrets } from '#shared/core/url-secrets.ts';
import type { SpanAttributes } from '#shared/core/tracing.ts';
import type { Log } from '#shared/http/log.ts';
import { severityOf, type StatusEvent } from '#shared/status/events.ts';

/** The message of every event's line: alerts on the log look for it, beside `event`. */
export const EVENT_MESSAGE = 'Event published';

/** Codes of one line; the event itself has more. */
const MAX_CODES = 10;

/**
 * An event that the broker has, as a line of the log: alert policies watch logs, and cannot watch a topic. Its severity
 * is the event's.
 */
export function logEvent(
  event: StatusEvent,
  eventId: string | undefined,
  log: Pick<Log, 'info' | 'warn' | 'error'>,
): void {
  const { type, data } = event;
  const codes = [...new Set(data.errors.map(({ code }) => code))].slice(0, MAX_CODES);
  const fields = {
    event: type,
    eventId,
    ...placeOf(event),
    ...(codes.length === 0 ? {} : { codes }),
    ...('breakGlass' in data ? { breakGlass: data.breakGlass?.length ?? 0 } : {}),
    text: withoutUrlSecrets(data.message),
  };
  switch (severityOf(event)) {
    case 'INFO':
      log.info(fields, EVENT_MESSAGE);
      break;
    case 'WARNING':
      log.warn(fields, EVENT_MESSAGE);
      break;
    case 'ERROR':
      log.error(fields, EVENT_MESSAGE);
  }
}

/** What the span of an event's publication says of it. */
export function spanAttributesOf(event: StatusEvent): SpanAttributes {
  const place = Object.entries(placeOf(event));
  return {
    'countersign.event': event.type,
    ...Object.fromEntries(place.map(([name, value]) => [`countersign.${name}`, value])),
  };
}

/** Which image, cluster and RSync it is about. */
function placeOf({ data }: StatusEvent): Readonly<Record<string, string>> {
  const place: Record<string, string> = {};
  const fields: Readonly<Record<string, unknown>> = data;
  for (const name of ['image', 'digest', 'cluster', 'sync', 'phase']) {
    const value = fields[name];
    if (typeof value === 'string') place[name] = value;
  }
  return place;
}
