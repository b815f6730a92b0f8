import { eventIdOf } from '#shared/status/encode.ts';
import { type Severity, severityOf, type StatusEvent } from '#shared/status/events.ts';
import { STATUS_DATA } from '#shared/status/status-data.ts';
import type { Clock } from '../sim/clock.ts';
import type { Journal } from '../journal.ts';
import { name } from '../sim/registry.ts';
import type { Verdicts } from './violations.ts';

/** One event as a subscriber has it, the copies of it left out. */
export interface ReceivedEvent {
  readonly id: string;
  readonly at: number;
  readonly type: StatusEvent['type'];
  readonly uid?: string;
  readonly cluster?: string;
  readonly sync?: string;
  readonly image?: string;
  readonly digest?: string;
  readonly since: string;
  readonly severity: Severity;
  readonly message: string;
}

export interface EventWatch {
  published(event: StatusEvent): void;
  readonly received: readonly ReceivedEvent[];
}

/** The subscriber of the status topic: takes each ce-id once, in the order of arrival. */
export function watchEvents({
  clock,
  journal,
  verdicts,
}: {
  clock: Clock;
  journal: Journal;
  verdicts: Verdicts;
}): EventWatch {
  const received: ReceivedEvent[] = [];
  const byId = new Map<string, string>();
  return {
    received,
    published(event) {
      const id = eventIdOf(event);
      const { data, type } = event;
      journal.count(`event ${type}`);
      const bad = STATUS_DATA[type].safeParse(data).error;
      const about: ReceivedEvent = {
        id,
        at: clock.now(),
        type,
        since: data.since,
        severity: severityOf(event),
        message: data.message,
        ...('uid' in event ? { uid: event.uid } : {}),
        ...('cluster' in data && data.cluster !== undefined ? { cluster: data.cluster } : {}),
        ...('sync' in data && data.sync !== undefined ? { sync: data.sync } : {}),
        ...('image' in data && data.image !== undefined ? { image: data.image } : {}),
        ...('digest' in data && data.digest !== undefined ? { digest: data.digest } : {}),
      };
      const subject = subjectOf(event);
      const over = 'replaced' in event ? JSON.stringify(event.replaced ?? null) : '';
      journal.step(
        subject,
        `event ${type} ${name(about.digest ?? '')} ${over} id ${id.slice(0, 8)}`,
      );
      if (bad !== undefined) {
        verdicts.violate('every handler ends as it should', `${type} is no event: ${bad.message}`, [
          subject,
        ]);
      }
      const { uid, cluster, digest, image } = about;
      // The end of a failure is one, whatever the tag names then.
      const named = type === 'sync.recovered' ? [] : [digest, image];
      const what = JSON.stringify([type, uid, cluster, ...named]);
      const before = byId.get(id);
      if (before === undefined) {
        byId.set(id, what);
        received.push(about);
        return;
      }
      journal.count('events published again under their id');
      if (before === what) return;
      verdicts.violate('6 one transition has one ce-id', `${before} and ${what} share ${id}`, [
        subject,
      ]);
    },
  };
}

function subjectOf({ data }: StatusEvent): string {
  if ('sync' in data && data.sync !== undefined) return `${data.cluster} ${data.sync}`;
  if ('cluster' in data && data.cluster !== undefined) return `cluster ${data.cluster}`;
  return 'image' in data && data.image !== undefined ? `image ${data.image}` : 'sweep';
}
