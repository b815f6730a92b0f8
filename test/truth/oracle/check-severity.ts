import { shortOf } from '../say.ts';
import type { World } from '../world.ts';
import type { Finding } from './findings.ts';
import { READ_MS } from './belief.ts';
import type { ImageStatus } from './image-truth.ts';
import type { Observer } from './observer.ts';

/** As docs/events.md has them; `WARNING` of the others is for what the two below find. */
const SEVERITIES: Readonly<Record<string, string>> = {
  'image.untrusted': 'ERROR',
  'image.unchecked': 'ERROR',
  'image.unusable': 'WARNING',
  'sync.failed': 'ERROR',
  'sync.blocked': 'ERROR',
  'sync.stalled': 'ERROR',
  'sync.unguarded': 'ERROR',
  'sync.refused': 'ERROR',
  'sync.withdrawn': 'WARNING',
  'cluster.unreachable': 'ERROR',
  'rollout.degraded': 'WARNING',
  'rollout.stage.skipped': 'WARNING',
  'rollout.halted': 'ERROR',
  'rollout.aborted': 'WARNING',
  'rollout.promoted': 'WARNING',
  'rollout.rolling-back': 'WARNING',
  'rollout.rolled-back': 'WARNING',
  'rollout.interrupted': 'ERROR',
  'sweep.braked': 'ERROR',
  'withdrawal.unchecked': 'ERROR',
};
/** A tag that moved back; a digest that went live without verifying. */
const SOMETIMES = new Set(['sync.approved', 'sync.synced', 'image.unsigned']);
/** A sweep comes each minute, and remembers. */
const REMINDING_MS = 6 * 60_000;

/** Each report has its documented severity, and what waits too long for a signature is a WARNING once. */
export function checkSeverity(world: World, observer: Observer): Finding[] {
  return [...checkEach(world, observer), ...checkReminders(world, observer)];
}

function checkEach({ events: { received }, plan }: World, observer: Observer): Finding[] {
  return received.flatMap(({ type, severity, at, image = '', digest = '' }) => {
    const usual = SEVERITIES[type] ?? 'INFO';
    const wrong = { fault: 'false' as const, at, what: `${type} of ${image} is ${severity}` };
    if (severity === usual) return [];
    if (!SOMETIMES.has(type) || severity !== 'WARNING') return [wrong];
    if (type !== 'image.unsigned') return [];
    const [repository = ''] = image.split(/[:@]/, 1);
    const past = observer.digests.get(`${repository}@${digest}`)?.stretches ?? [];
    const policies = observer.policy.during(at - READ_MS, at);
    const vanished = past.some(
      ({ from, what }) => from < at && what.status === 'verified' && policies.includes(what.policy),
    );
    const waits = plan.times.pendingAfterMs - READ_MS;
    const waited = past.some(
      ({ from, to, what }) => what.status === 'unsigned' && Math.min(to, at) - from >= waits,
    );
    return vanished || waited ? [] : [wrong];
  });
}

function checkReminders(
  { events: { received }, plan, store }: World,
  observer: Observer,
): Finding[] {
  const findings: Finding[] = [];
  for (const { past, cluster, key } of observer.syncs.values()) {
    for (const { from, to, what } of past.stretches) {
      if (what === 'out of reach' || what.phase !== 'Pending' || what.digest === undefined)
        continue;
      const begins = Math.max(from, ...store.losses.filter((loss) => loss < to));
      if (to - begins < plan.times.pendingAfterMs + REMINDING_MS) continue;
      const { digest } = what;
      const status = statusOf(observer, digest, from, to);
      const warned = received.some(
        ({ type, severity, at, digest: of }) =>
          type === (status === 'incomplete' ? 'image.untrusted' : 'image.unsigned') &&
          severity !== 'INFO' &&
          of === digest &&
          at <= to &&
          // Once for each digest, whichever RSyncs wait for it.
          !store.losses.some((loss) => loss >= at && loss < to),
      );
      const waits = `${key} of ${shortOf(cluster)} waits for a signature of ${digest.slice(7, 15)}`;
      if (!warned && status !== undefined) {
        findings.push({ fault: 'missed', at: to, what: `${waits}, and no reminder comes` });
      }
    }
  }
  return findings;
}

/** What it was all the time. */
function statusOf(
  observer: Observer,
  digest: string,
  from: number,
  to: number,
): ImageStatus | undefined {
  const [, past] = [...observer.digests].find(([key]) => key.endsWith(digest)) ?? [];
  const all = new Set(past?.during(from, to).map(({ status }) => status));
  const [status] = all;
  return all.size === 1 ? status : undefined;
}
