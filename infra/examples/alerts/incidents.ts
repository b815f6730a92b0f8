import { LRUCache } from 'lru-cache';
import type { Meaning, Told } from './read-event.ts';

/** Alerts that are open at once; the oldest is forgotten for one more, and never closed. */
export const MAX_INCIDENTS = 500;

/** Members of all incidents, and their last events: some 500 bytes each. */
export const MAX_MEMBERS = 20_000;

/** Members that fail, or failed, for one reason. */
export interface Incident {
  /** Of its first event: a repetition of that opens the same. */
  readonly id: string;
  readonly group: string;
  readonly first: Told;
  readonly kind: 'failure' | 'notice' | 'recovery';
  /** Those that are wrong now, with what was last said of each. */
  readonly open: Map<string, Told>;
  /** Those that are right again. */
  readonly closed: Map<string, Told>;
  /** How many were open when the receiver last accepted a message; undefined before the first. */
  toldSize: number | undefined;
}

export interface Incidents {
  /** The incidents that the event changes: one, or none, or two where it ends one. Twice, it changes nothing. */
  take(told: Told, meaning: Meaning): readonly Incident[];
  /** What there is to tell of it, as it stands. */
  due(incident: Incident): 'firing' | 'growing' | 'over' | undefined;
  /** Forgets an incident once its end is told, or once there is nothing to tell. */
  settle(incident: Incident): void;
}

/**
 * Incidents in memory, bounded: a restart forgets them (README.md says what that means). `onForgotten` is told of one
 * that had to go for another.
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

  function incidentOf(group: string, told: Told, kind: Incident['kind']): Incident {
    const existing = byGroup.get(group);
    if (existing !== undefined) return existing;
    const [oldest] = byGroup.values();
    if (byGroup.size >= MAX_INCIDENTS && oldest !== undefined) {
      byGroup.delete(oldest.group);
      onForgotten(oldest);
    }
    const parts = { open: new Map<string, Told>(), closed: new Map<string, Told>() };
    const incident = { id: told.id, group, first: told, kind, ...parts, toldSize: undefined };
    byGroup.set(group, incident);
    return incident;
  }

  function fail(member: string, group: string, told: Told): readonly Incident[] {
    const before = byMember.get(member);
    const incident = incidentOf(group, told, 'failure');
    incident.open.set(member, told);
    incident.closed.delete(member);
    byMember.set(member, incident);
    if (before === undefined || before === incident) return [incident];
    // It fails over something else now: that is the end of the first.
    close(before, member, told);
    return [before, incident];
  }

  function close(incident: Incident, member: string, told: Told): void {
    incident.open.delete(member);
    incident.closed.set(member, told);
  }

  function recover(
    member: string,
    told: Told,
    meaning: Meaning & { readonly kind: 'recovery' },
  ): readonly Incident[] {
    const before = byMember.get(member);
    if (before === undefined && !meaning.always) return [];
    const incident = before ?? incidentOf(meaning.group, told, 'recovery');
    close(incident, member, told);
    return [incident];
  }

  return {
    take(told, meaning) {
      if (meaning.kind === 'nothing') return [];
      const { member, group } = meaning;
      if (told.at < (lastAt.get(member) ?? 0)) return [];
      if (meaning.kind === 'notice') {
        const incident = incidentOf(group, told, 'notice');
        incident.open.set(member, told);
        return [incident];
      }
      lastAt.set(member, told.at);
      if (meaning.kind === 'failure') return fail(member, group, told);
      return recover(member, told, meaning);
    },
    due({ kind, open, closed, toldSize }) {
      if (kind === 'recovery') return closed.size > 0 ? 'over' : undefined;
      if (toldSize === undefined) return open.size > 0 ? 'firing' : undefined;
      if (open.size === 0) return 'over';
      // Each next message tells of twice as many: a thousand clusters that fail one by one are ten messages.
      return open.size >= 2 * toldSize ? 'growing' : undefined;
    },
    settle(incident) {
      if (byGroup.get(incident.group) === incident) byGroup.delete(incident.group);
      for (const member of [...incident.open.keys(), ...incident.closed.keys()]) {
        if (byMember.get(member) === incident) byMember.delete(member);
      }
    },
  };
}
