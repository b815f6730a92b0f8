import { isFailurePhase } from '#shared/core/phase.ts';
import type { ReceivedEvent } from '#test/faults/oracle/watch-events.ts';
import { shortOf } from '../say.ts';
import type { World } from '../world.ts';
import { type Report, type Standing, type Subject, READ_MS, checkBelief } from './belief.ts';
import type { Figures, Finding } from './findings.ts';
import { MEMORY_MS, type Observer, type SyncPast } from './observer.ts';
import type { Stretch } from './stretches.ts';
import type { SyncTruth } from './sync-truth.ts';

/** Everything that was reported in a history, compared with everything that was so. */
export function checkReports(world: World, observer: Observer, figures: Figures): Finding[] {
  const { received } = world.events;
  const losses = world.store.losses;
  const subjects = [
    ...[...observer.syncs.values()].map((sync) => syncSubject(sync, received, losses)),
    ...[...observer.clusters].map(([cluster, past]) => ({
      name: shortOf(cluster),
      past: past.stretches.map(({ from, to, what }) => ({
        from,
        to,
        what: what === 'reachable' ? { well: true } : { trouble: what, well: false },
      })),
      reports: received
        .filter((event) => event.cluster === cluster && event.type.startsWith('cluster.'))
        .map((event) =>
          report(event, event.type === 'cluster.recovered' ? undefined : 'unreachable'),
        ),
      losses,
    })),
    brakeSubject(observer, received, losses),
    ...world.plan.images.map(({ repository, reference }) =>
      tagSubject({ repository, reference }, world, observer),
    ),
  ];
  return subjects.flatMap((subject) => checkBelief(subject, figures));
}

function report(event: ReceivedEvent, trouble: string | undefined): Report {
  const { at, type, digest } = event;
  return {
    at,
    text: `${type}${digest === undefined ? '' : ` of ${digest.slice(7, 15)}`}`,
    ...(trouble === undefined ? {} : { trouble }),
    ...(digest === undefined ? {} : { about: digest }),
  };
}

type SyncStanding = Standing & { readonly truth?: SyncTruth };

function syncSubject(
  { uid, cluster, key, past, goneAt }: SyncPast,
  received: readonly ReceivedEvent[],
  losses: readonly number[],
): Subject {
  const stretches: Stretch<SyncStanding>[] = past.stretches.map(({ from, to, what }) => ({
    from,
    to,
    what: what === 'out of reach' ? { well: false, hidden: true } : standingOf(what),
  }));
  const events = received.filter((event) => event.uid === uid);
  const reports = events.flatMap((event) => {
    if (event.type === 'sync.recovered') return [report(event, undefined)];
    const word = event.type.replace('sync.', '');
    const phase = `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
    return TROUBLES.has(event.type) ? [report(event, phase)] : [];
  });
  // A function that has lost the record of a failure reports by this that it is over.
  const synced = events.filter(
    ({ type, at }) => type === 'sync.synced' && losses.some((loss) => loss <= at),
  );
  const asides = synced.map((event) => ({ ...report(event, undefined), aside: true }));
  const all = [...reports, ...asides];
  return {
    name: `${key} of ${shortOf(cluster)}`,
    past: stretches,
    reports: losses.length === 0 ? reports : all.toSorted((a, b) => a.at - b.at),
    goneAt,
    losses,
    closable: (standing, open, at) => isClosable(standing, open, stretches, at),
  };
}

const TROUBLES = new Set([
  'sync.failed',
  'sync.blocked',
  'sync.stalled',
  'sync.unguarded',
  'sync.refused',
]);

function standingOf(truth: SyncTruth): SyncStanding {
  const { phase, digest } = truth;
  if (phase !== 'Unapproved' && isFailurePhase(phase)) {
    return {
      trouble: phase,
      ...(digest === undefined ? {} : { about: digest }),
      well: false,
      truth,
    };
  }
  return { well: phase === 'Synced' || phase === 'Ignored', truth };
}

/**
 * A failure is over where its RSync is live, or waits for another digest and is where it was before, or runs what is
 * approved without an error. No other trouble ends it, nor what is merely approved.
 */
function isClosable(
  standing: SyncStanding,
  open: Report,
  past: readonly Stretch<SyncStanding>[],
  at: number,
): boolean {
  const { well, truth, trouble } = standing;
  if (well) return true;
  if (trouble !== undefined || truth === undefined) return false;
  if (open.trouble === 'Unguarded' && truth.clean) return true;
  if (truth.phase !== 'Pending' && truth.phase !== 'Rejected') return false;
  if (truth.clean || open.trouble === 'Unguarded') return true;
  return past.some(({ from, what }) => from < at && what.truth?.phase === truth.phase);
}

function brakeSubject(
  observer: Observer,
  received: readonly ReceivedEvent[],
  losses: readonly number[],
): Subject {
  return {
    name: 'withdrawal brake',
    past: observer.brake.stretches.map(({ from, to, what }) => ({
      from,
      to,
      what:
        what === 'unknown'
          ? { well: false, hidden: true }
          : what === 'braked'
            ? { trouble: 'braked', well: false }
            : { well: true },
    })),
    reports: received
      .filter(({ type }) => type === 'sweep.braked' || type === 'sweep.recovered')
      .map((event) => report(event, event.type === 'sweep.braked' ? 'braked' : undefined)),
    // Under other policies it holds for other approvals, which is reported.
    losses: [...losses, ...observer.policy.stretches.slice(1).map(({ from }) => from)],
    // Which approvals are known, and to whom, is the snapshot's.
    agrees: (standing) => standing.trouble === 'braked' || standing.hidden === true,
    closable: ({ well, hidden }) => well || hidden === true,
  };
}

/** An image by its tag: what is reported of the tag, and of the digests that it names. */
function tagSubject(
  { repository, reference }: { readonly repository: string; readonly reference: string },
  { events: { received }, begun, store, plan }: World,
  observer: Observer,
): Subject {
  const past = observer.tags.get(reference)?.stretches ?? [];
  const reports = received.filter(
    ({ type, image }) => type.startsWith('image.') && image === reference,
  );
  const others = received.filter(
    ({ type, image, digest }) =>
      // Pushed by digest, it is named by that, which can be an index; what it is about is the child.
      type.startsWith('image.') && digest !== undefined && image?.startsWith(`${repository}@`),
  );
  const of = (events: readonly ReceivedEvent[]): readonly Report[] =>
    events.map((event) => {
      const status = event.type.replace('image.', '');
      const trouble = status === 'verified' ? undefined : status;
      return { ...report(event, trouble), grade: event.severity };
    });
  const policies = observer.policy.stretches.slice(1).map(({ from }) => from);
  return {
    name: reference.replace('us-docker.pkg.dev/acme/', ''),
    past: past.map(({ from, to, what: { status, digest, seen } }) => ({
      from,
      to,
      what: {
        ...(status === 'verified' ? {} : { trouble: status }),
        ...(digest === undefined ? {} : { about: digest }),
        well: status === 'verified',
        hidden: !seen,
      },
    })),
    reports: of(reports),
    elsewhere: of(others),
    begun: begun
      .filter(({ type, image }) => image === reference && isTroubleOfImage(type))
      .map(({ at }) => at),
    losses: [...store.losses, ...policies],
    wellIsNews: true,
    agrees: (standing, { trouble, about }) =>
      trouble === 'unchecked' || (standing.about === about && isSaidBy(standing.trouble, trouble)),
    isTrue: ({ at, trouble = 'verified', about }) => {
      if (trouble === 'unchecked') return observer.failing.during(at - READ_MS, at).includes(true);
      const tag = observer.tags.get(reference)?.during(at - READ_MS, at) ?? [];
      if (tag.some(({ seen }) => !seen)) return true;
      const digest = observer.digests.get(`${repository}@${about}`);
      if (digest !== undefined) {
        const read = trouble === 'verified' ? MEMORY_MS : READ_MS;
        const until = plan.times.pendingAfterMs - READ_MS;
        // What was read before a verdict that was published is no news after it.
        const verified = received.some(
          (event) => event.type === 'image.verified' && event.digest === about && event.at < at,
        );
        const first = digest.stretches.findIndex(({ what }) => what.status === 'verified');
        return digest.stretches.some(({ from, to, what: { status } }, index) => {
          if (from > at || to < at - read || (verified && index < first)) return false;
          // What is missing had its time.
          const due = status === 'incomplete' && trouble === 'untrusted';
          return status === trouble || (due && Math.min(at, to) - from >= until);
        });
      }
      return about === undefined && tag.some(({ status }) => status === trouble);
    },
  };
}

function isTroubleOfImage(type: string): boolean {
  return type.startsWith('image.') && type !== 'image.verified';
}

/** What is incomplete for too long is reported as untrusted. */
function isSaidBy(trouble: string | undefined, reported: string | undefined): boolean {
  return trouble === reported || (trouble === 'incomplete' && reported === 'untrusted');
}
