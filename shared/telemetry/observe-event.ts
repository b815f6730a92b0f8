import { type Meter, METRICS } from './metrics.ts';
import { SYNC_EVENTS } from '#shared/core/transition.ts';
import type { StatusEvent, SweepEvent } from '#shared/status/events.ts';

/** What a status event that the broker has says in numbers; `now` is when it was published. */
export function observeEvent(event: StatusEvent, meter: Meter, now: Date): void {
  const verdict = METRICS.verdicts.labels.verdict.find((one) => event.type === `image.${one}`);
  if (verdict !== undefined) meter.record('verdicts', 1, { verdict });
  const type = SYNC_EVENTS.find((one) => event.type === `sync.${one}`);
  if (type !== undefined) meter.record('transitions', 1, { type });
  if (event.type === 'cluster.unreachable' || event.type === 'cluster.recovered') {
    meter.record('cluster_transitions', 1, { phase: event.data.phase });
  }
  if (event.type === 'sync.synced' && event.approvedAt !== undefined) {
    meter.record('approved_to_synced', secondsSince(event.approvedAt, now), {});
  }
  if (event.type === 'sweep.completed') observeSweep(event.data, meter);
}

function observeSweep(data: SweepEvent['data'], meter: Meter): void {
  const { clusters, tasked, unsettled = 0, unreachable = 0 } = data;
  const { periodSeconds, configuredPeriodSeconds = periodSeconds } = data;
  meter.record('fleet_clusters', clusters, { state: 'all' });
  meter.record('fleet_clusters', tasked, { state: 'tasked' });
  meter.record('fleet_clusters', unsettled, { state: 'unsettled' });
  meter.record('fleet_clusters', unreachable, { state: 'unreachable' });
  const stretch = configuredPeriodSeconds === 0 ? 1 : periodSeconds / configuredPeriodSeconds;
  meter.record('sweep_stretch', stretch, {});
}

/** Never below zero: the clocks of Pub/Sub, of clusters' annotations and of this machine differ. */
export function secondsSince(time: string | Date, now: Date): number {
  return Math.max(0, (now.getTime() - new Date(time).getTime()) / 1000);
}
