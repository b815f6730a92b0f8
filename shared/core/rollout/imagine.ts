import { defined } from '../defined.ts';
import { arrive, startOver } from './arrive.ts';
import type { Fleet } from './fleet.ts';
import { type Arrival, type RolloutRecord, amend } from './record.ts';
import { recover } from './recover.ts';
import type { Strategy } from './strategy.ts';

/** When a roll-out that is planned begins. */
export const STARTS = [
  /** It is the one in place, and goes on. */
  'under-way',
  'now',
  /** After the one in place. */
  'queued',
  /** Once a person resumes or retries what is paused, halted or aborted. */
  'person',
  /** The digest was rolled back: once a person retries it. */
  'rejected',
  /** The strategy is new to a fleet that runs several digests, or was not all looked at: once a person resumes. */
  'adoption',
] as const;

export type Start = (typeof STARTS)[number];

/** A roll-out that is planned, as its record would be. */
export interface Imagined {
  readonly record: RolloutRecord;
  readonly start: Start;
  /** It is of a digest that no cluster has: the next push. */
  readonly next: boolean;
}

export interface Asked {
  readonly image: string;
  /** The key to plan for; absent: what is on its way, or else a digest that is not pushed yet. */
  readonly digest?: string;
  /** The record in place; absent: there is none, or it was not read. */
  readonly record?: RolloutRecord;
}

/** No approval key looks like this. */
const NEXT = 'next';

/**
 * The record from which a roll-out is planned: the one in place, or what a verified digest would make of it, or of a
 * fleet without a record.
 *
 * @example
 * const { record, start } = imagine({ image, digest }, strategy, fleet, now);
 */
export function imagine(
  { image, digest, record }: Asked,
  strategy: Strategy,
  fleet: Fleet,
  now: Date,
): Imagined {
  const arrival: Arrival = {
    digest: digest ?? NEXT,
    // Strictly newer than all that is recorded.
    resolvedAt: new Date(Math.max(now.getTime(), newestOf(record) + 1)).toISOString(),
    id: 'plan',
    by: 'plan',
  };
  const next = digest === undefined;
  if (record === undefined || record.status === 'retired') {
    return { ...adopted(image, arrival, strategy, fleet, now), next };
  }
  const isAsked = next ? !isOver(record) : digest === record.digest;
  if (isAsked) return { record, start: isStopped(record) ? 'person' : 'under-way', next: false };
  return { ...after(record, arrival, strategy, now), next };
}

function after(
  record: RolloutRecord,
  arrival: Arrival,
  strategy: Strategy,
  now: Date,
): Omit<Imagined, 'next'> {
  const started = begin(record, arrival, strategy, now);
  if (record.rejected.includes(arrival.digest)) return { record: started, start: 'rejected' };
  const { record: come } = arrive(record, strategy, arrival, now);
  if (come.next?.digest === arrival.digest) return { record: started, start: 'queued' };
  return { record: started, start: come.status === 'paused' ? 'person' : 'now' };
}

/** What the first look at a fleet makes of it, and the roll-out after that. */
function adopted(
  image: string,
  arrival: Arrival,
  strategy: Strategy,
  fleet: Fleet,
  now: Date,
): Omit<Imagined, 'next'> {
  const syncs = fleet.clusters.flatMap(({ syncs: found = [] }) => found);
  // There is a record, which was not read: nothing is adopted any more.
  const isKnown = syncs.some(({ receipt }) => receipt !== undefined);
  const clusters = fleet.clusters.map(({ syncs: found, ...cluster }) => ({
    ...cluster,
    // What was not looked at here is no reason to say nothing.
    reachable: cluster.reachable && found !== undefined,
    ...(found && { syncs: found.map((sync) => defined({ ...sync, receipt: undefined })) }),
  }));
  const missing = { image, target: arrival, fresh: true };
  const { signedBy, elsewhere } = fleet;
  const first = recover(missing, strategy, { clusters, signedBy, elsewhere }, now)?.record;
  if (first === undefined) throw new TypeError('What is out of reach is not waited for');
  const isMixed = first.status === 'paused' || fleet.partial === true;
  const start = isMixed && !isKnown ? 'adoption' : 'now';
  if (first.status === 'completed' && first.digest === arrival.digest && start === 'now') {
    return { record: first, start: 'under-way' };
  }
  return { record: begin(first, arrival, strategy, now), start };
}

/** As it runs, whatever must happen before. */
function begin(record: RolloutRecord, arrival: Arrival, strategy: Strategy, now: Date) {
  const { record: started } = startOver(record, strategy, arrival, now);
  return amend(started, { status: 'rolling', cause: undefined });
}

function newestOf(record: RolloutRecord | undefined): number {
  const times = [record?.resolvedAt, record?.next?.resolvedAt];
  return Math.max(0, ...times.map((time) => Date.parse(time ?? '') || 0));
}

/** Nothing of it is to come: it ended, or it is a way back. */
function isOver({ status, before, kind }: RolloutRecord): boolean {
  return kind === 'rollback' || status === 'completed' || before !== undefined;
}

function isStopped({ status }: RolloutRecord): boolean {
  return status === 'paused' || status === 'halted' || status === 'aborted';
}
