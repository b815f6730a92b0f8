import type { Meter } from '#shared/core/metrics.ts';
import { PHASES } from '#shared/core/phase.ts';
import { secondsSince } from '#shared/telemetry/observe-event.ts';
import { type Snapshot, syncsOf } from './snapshot.ts';

/** What a sweep reads off the whole fleet: how far behind it is, and how many RSyncs are in each phase, none included. */
export function measureFleet(snapshot: Snapshot, now: Date, meter: Meter): void {
  const { members, records } = snapshot;
  const seen = members.flatMap(({ name }) => {
    const { lookedAt, reconciledAt } = records.get(name) ?? {};
    const at = lookedAt ?? reconciledAt;
    return at === undefined ? [] : [Date.parse(at)];
  });
  // A cluster that nobody has seen yet is news, not lag; where it stays so, it is unsettled.
  const oldest = Math.min(now.getTime(), ...seen);
  meter.record('sweep_lag', secondsSince(new Date(oldest), now), {});
  const counts = new Map(PHASES.map((phase) => [phase, 0]));
  for (const { row } of syncsOf(snapshot)) {
    const { phase } = row.record;
    counts.set(phase, (counts.get(phase) ?? 0) + 1);
  }
  for (const [phase, count] of counts) meter.record('fleet_rsyncs', count, { phase });
}
