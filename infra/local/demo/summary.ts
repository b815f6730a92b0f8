import type { Kube } from '../kube/start-kube.ts';
import { SERVICE_IDENTITY } from '../world/identities.ts';
import type { Act } from './acts.ts';
import type { Received } from './event-log.ts';
import { formatTime } from './screen.ts';

const SWEEP = 'sweep.completed';

/** What the subscriber received, how long everything took, and what it cost. */
export function summarise(run: {
  readonly acts: readonly Act[];
  readonly received: readonly Received[];
  readonly clusters: readonly Kube[];
  readonly startedAt: Date;
}): string {
  const { acts, received, clusters, startedAt } = run;
  const sweeps = received.filter(({ type }) => type === SWEEP).length;
  const told = received.filter(({ type }) => type !== SWEEP);
  return [
    '',
    'Status events, as a subscriber received them:',
    ...told.map((event) => formatEvent(event, startedAt)),
    `  and ${sweeps} times ${SWEEP}`,
    '',
    `In ${clusters.length} clusters, the slowest of them:`,
    ...acts.map((act) => formatAct(act, received)),
    `Calls to clusters by Countersign: ${countCalls(clusters)}`,
    '',
  ].join('\n');
}

function formatEvent(event: Received, startedAt: Date): string {
  const { at, type, severity, image = '', cluster, sync, message } = event;
  const subject = cluster === undefined ? image : `${cluster} ${sync ?? ''}`;
  const time = formatTime(at.getTime() - startedAt.getTime());
  return `${time}  ${severity.padEnd(8)}${type.padEnd(20)}${subject.padEnd(36)} ${message}`;
}

function formatAct(
  { image, digest, sync, releasedAt }: Act,
  received: readonly Received[],
): string {
  const last = (type: string): number => {
    const of = received.filter((one) => one.type === type && one.sync === sync);
    return Math.max(...of.filter((one) => one.digest === digest).map(({ at }) => at.getTime()));
  };
  const approved = last('sync.approved');
  const toApproved = formatTime(approved - releasedAt.getTime()).trim();
  const toSynced = formatTime(last('sync.synced') - approved).trim();
  return `  ${image}: approved after ${toApproved}, synced ${toSynced} later`;
}

function countCalls(clusters: readonly Kube[]): string {
  const calls = clusters.flatMap(({ store }) => store.requests);
  const counts = new Map<string, number>();
  for (const { user, verb } of calls) {
    if (user === SERVICE_IDENTITY) counts.set(verb, (counts.get(verb) ?? 0) + 1);
  }
  return [...counts].map(([verb, count]) => `${count} ${verb}`).join(', ') || 'none';
}
