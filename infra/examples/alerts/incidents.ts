import { LRUCache } from 'lru-cache';
import type { Meaning, AlertEvent } from './read-event.ts';

/** Alerts that are open at once; the oldest is forgotten for one more, and never closed. */
export const MAX_INCIDENTS = 500;

/** Members of all incidents, and their last events: some 500 bytes each. */
export const MAX_MEMBERS = 20_000;

/** Members that fail, or failed, for one reason. */
export interface Incident {
  /** Of its first event: a repetition of that opens the same. */
  readonly id: string;
  readonly group: string;
  readonly first: AlertEvent;
  readonly kind: 'failure' | 'notice' | 'recovery';
  /** Those that are wrong now, with what was last said of each. */
  readonly open: Map<string, AlertEvent>;
  /** Those that are right again. */
  readonly closed: Map<string, AlertEvent>;
  /** How many were open when the receiver last accepted a message; undefined before the first. */
  sentSize: number | undefined;
}

export interface Incidents {
  /** The incidents that the event changes: one, or none, or two where it ends one. Twice, it changes nothing. */
  take(event: AlertEvent, meaning: Meaning): readonly Incident[];
  /** What there is to send about it, as it stands. */
  due(incident: Incident): 'firing' | 'growing' | 'over' | undefined;
  /** Forgets an incident once its end is sent, or once there is nothing to send. */
  settle(incident: Incident): void;
}

/**
 * Incidents in memory, bounded: a restart forgets them (README.md says what that means). `onForgotten` gets one
 * that had to go for another.
 *
 * @example const incidents = createIncidents(({ id }) => log.warn({ id }, 'Alert was forgotten'));
 */
export function createIncidents(onForgotten: (incident: Incident) => void): Incidents {
  const byGroup = new Map<string, Incident>();
  const byMember = new LRUCache<string, Incident>({
    max: MAX_MEMBERS,
    dispose: (incident, member, reason) => {
      if (reason === 'evict') incident.open.delete(member);
    },
  });
  /** When the last event of each member was published: deliveries come in any order. */
  const lastAt = new LRUCache<string, number>({ max: MAX_MEMBERS });

  function incidentOf(group: string, event: AlertEvent, kind: Incident['kind']): Incident {
    const existing = byGroup.get(group);
    if (existing !== undefined) return existing;
    const [oldest] = byGroup.values();
    if (byGroup.size >= MAX_INCIDENTS && oldest !== undefined) {
      byGroup.delete(oldest.group);
      onForgotten(oldest);
    }
    const parts = { open: new Map<string, AlertEvent>(), closed: new Map<string, AlertEvent>() };
    const incident = { id: event.id, group, first: event, kind, ...parts, sentSize: undefined };
    byGroup.set(group, incident);
    return incident;
  }

  function fail(member: string, group: string, event: AlertEvent): readonly Incident[] {
    const before = byMember.get(member);
    const incident = incidentOf(group, event, 'failure');
    incident.open.set(member, event);
    incident.closed.delete(member);
    byMember.set(member, incident);
    if (before === undefined || before === incident) return [incident];
    // It fails over something else now: that is the end of the first.
    close(before, member, event);
    return [before, incident];
  }

  function close(incident: Incident, member: string, event: AlertEvent): void {
    incident.open.delete(member);
    incident.closed.set(member, event);
  }

  function recover(
    member: string,
    event: AlertEvent,
    meaning: Meaning & { readonly kind: 'recovery' },
  ): readonly Incident[] {
    const before = byMember.get(member);
    if (before === undefined && !meaning.always) return [];
    const incident = before ?? incidentOf(meaning.group, event, 'recovery');
    close(incident, member, event);
    return [incident];
  }

  return {
    take(event, meaning) {
      if (meaning.kind === 'nothing') return [];
      const { member, group } = meaning;
      if (event.at < (lastAt.get(member) ?? 0)) return [];
      if (meaning.kind === 'notice') {
        const incident = incidentOf(group, event, 'notice');
        incident.open.set(member, event);
        return [incident];
      }
      lastAt.set(member, event.at);
      if (meaning.kind === 'failure') return fail(member, group, event);
      return recover(member, event, meaning);
    },
    due({ kind, open, closed, sentSize }) {
      if (kind === 'recovery') return closed.size > 0 ? 'over' : undefined;
      if (sentSize === undefined) return open.size > 0 ? 'firing' : undefined;
      if (open.size === 0) return 'over';
      // Each next message is about twice as many: a thousand clusters that fail one by one are ten messages.
      return open.size >= 2 * sentSize ? 'growing' : undefined;
    },
    settle(incident) {
      if (byGroup.get(incident.group) === incident) byGroup.delete(incident.group);
      for (const member of [...incident.open.keys(), ...incident.closed.keys()]) {
        if (byMember.get(member) === incident) byMember.delete(member);
      }
    },
  };
}
