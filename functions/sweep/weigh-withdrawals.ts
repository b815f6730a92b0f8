import { defined } from '#shared/core/defined.ts';
import type { CountersignError } from '#shared/core/errors.ts';
import type { ImageDeps } from '#shared/reconcile/deps.ts';
import { UNFOLLOWED, WITHDRAWAL_NOTE } from '#shared/reconcile/may-withdraw.ts';
import type { BrakeEvent } from '#shared/status/events.ts';
import { type Approval, type Judged, judgeOutdated, policyOfRow } from './judge-outdated.ts';
import {
  repositoryOf,
  type KnownSync,
  type Snapshot,
  syncsOf,
} from '#shared/reconcile/snapshot.ts';
import {
  type Braked,
  MAX_EXCEPTED,
  type Reported,
  type Unchecked,
  isUnknown,
  markBegun,
  readOrBegin,
  wasReported,
} from './withdrawal-note.ts';

/** Examples that an event names; the counts say how many there are. */
const MAX_EXAMPLES = 10;

const MAX_NAMED = 50;

export interface WeighDeps
  extends Pick<ImageDeps, 'rules' | 'policies' | 'verifier' | 'store' | 'publish' | 'now'> {
  /** `sweep.withdrawBrake`, as a share. */
  readonly withdrawBrake: number;
}

/**
 * Decides whether approvals may be withdrawn: under policies that changed, and from RSyncs that no entry of the config
 * follows any more. The newest approvals of the whole snapshot are judged under the policies of today. Where too many
 * would be lost in one of the two ways, nothing is lost in it, which one ERROR says; else the clusters' reconciles find
 * the permission in the store. What cannot be judged is left as it is, repository by repository, which is another ERROR
 * as long as it lasts. Returns why it could not be judged.
 */
export async function weighWithdrawals(
  snapshot: Snapshot,
  deps: WeighDeps,
): Promise<readonly CountersignError[]> {
  const { approvals, unfollowed } = approvalsOf(snapshot, deps);
  const outdated = approvals.filter(({ approval, policy }) => approval.policy !== policy.hash);
  const note = await readOrBegin(deps);
  const syncs = approvals.length + unfollowed.length;
  // A store that was lost knows of a part of the fleet only: too little to weigh.
  const partial = snapshot.members.some(({ name }) => !snapshot.records.has(name));
  const pending = outdated.length + unfollowed.length > 0;
  if ((pending || isUnknown(note.braked)) && partial) return [];
  const { losing, unchecked, failures } = await judgeOutdated(outdated, deps);
  const heavy = (count: number): boolean => count > deps.withdrawBrake * syncs;
  const weighed: Weighed = {
    syncs,
    losing: heavy(losing.length) ? losing : [],
    unfollowed: heavy(unfollowed.length) ? unfollowed : [],
  };
  const repositories = distinct(unchecked.map(({ repository }) => repository));
  // What cannot be judged now may be what the brake is for.
  const stays = note.braked !== undefined && unchecked.length > 0 && weighed.losing.length === 0;
  // What the brake holds for.
  const policies = distinct([
    ...weighed.losing.map(({ policy }) => policy.hash),
    ...(weighed.unfollowed.length === 0 ? [] : [UNFOLLOWED]),
  ]);
  const marked = await markBegun(note, { policies, repositories }, deps);
  const [oldest = ''] = approvals.map(({ approval }) => approval.resolvedAt).toSorted();
  const open = { ...marked, oldest };
  const all = { losing, unfollowed, syncs };
  const braked = stays
    ? note.braked
    : await reportBrake(open, { policies, held: weighed, all }, deps);
  const left = await reportUnchecked(open, { unchecked, repositories, failures, syncs }, deps);
  const decidedAt = deps.now().toISOString();
  const over = defined({
    braked: open.braked && !braked ? decidedAt : open.over?.braked,
    unchecked: open.unchecked && !left ? decidedAt : open.over?.unchecked,
  });
  // More than can be excepted one by one: then nothing is known that could be weighed.
  const known = !stays && weighed.losing.length === 0 && repositories.length <= MAX_EXCEPTED;
  const hashes = known ? distinct(outdated.map(({ policy }) => policy.hash)) : [];
  const unfollowing = unfollowed.length > 0 && weighed.unfollowed.length === 0;
  const allowed = Object.fromEntries(
    [...hashes, ...(unfollowing ? [UNFOLLOWED] : [])].map((hash) => [hash, decidedAt]),
  );
  if (pending || note.braked !== undefined || note.unchecked !== undefined) {
    const ended = Object.keys(over).length === 0 ? undefined : over;
    const next = defined({ allowed, braked, unchecked: left, over: ended });
    await deps.store.writeNote('withdrawal', WITHDRAWAL_NOTE, next);
  }
  return [...failures.values()];
}

/** The approvals of the snapshot: those that the config follows, with its policy, and the RSyncs that it does not. */
function approvalsOf(
  snapshot: Snapshot,
  images: WeighDeps,
): { readonly approvals: readonly Approval[]; readonly unfollowed: readonly KnownSync[] } {
  const approvals: Approval[] = [];
  const unfollowed: KnownSync[] = [];
  const labels = new Map(snapshot.members.map((member) => [member.name, member.labels]));
  for (const sync of syncsOf(snapshot)) {
    const { row, record } = sync;
    if (row.approved.length === 0) continue;
    const { image, approval } = row;
    const repository = repositoryOf(row);
    const rule = repository === undefined ? undefined : images.rules.match(repository);
    const policy = policyOfRow(row, images);
    const follows =
      rule !== undefined && images.rules.selects(rule, labels.get(record.cluster) ?? {});
    if (!follows || image === undefined || repository === undefined || policy === undefined) {
      // Nothing is known of one that could not be looked at yet.
      if (row.unsettled === undefined || row.image !== undefined) unfollowed.push(sync);
    } else if (approval !== undefined) approvals.push({ image, repository, approval, policy });
  }
  return { approvals, unfollowed };
}

interface Weighed {
  /** RSyncs with an approval, in the whole fleet. */
  readonly syncs: number;
  readonly losing: readonly Approval[];
  readonly unfollowed: readonly KnownSync[];
}

/** Publishes that the brake holds, once for the same policies, or that it is released. Returns what to remember. */
async function reportBrake(
  { braked: before, over, oldest }: Reported,
  { policies, held, all }: Record<'held' | 'all', Weighed> & { readonly policies: string[] },
  deps: WeighDeps,
): Promise<Braked | undefined> {
  if (before === undefined) return undefined;
  const { doubtful = false, ...replaced } = before;
  if (policies.length === 0) {
    if (!wasReported(before, !isUnknown(before), oldest)) return undefined;
    const since = deps.now().toISOString();
    await deps.publish({ replaced, ...describe('sweep.recovered', since, all, policies, deps) });
    return undefined;
  }
  if (!doubtful && before.policies.join() === policies.join()) return before;
  const since = doubtful ? before.since : deps.now().toISOString();
  const episode = doubtful ? { replaced: undefined, cause: over?.braked ?? since } : { replaced };
  await deps.publish({ ...episode, ...describe('sweep.braked', since, held, policies, deps) });
  return { since, policies };
}

/** Publishes that approvals could not be judged, once until all are. Returns what to remember. */
async function reportUnchecked(
  { unchecked: before, over: last, oldest }: Reported,
  {
    unchecked,
    repositories,
    failures,
    syncs,
  }: Omit<Judged, 'losing'> & { repositories: readonly string[]; syncs: number },
  { publish, now }: WeighDeps,
): Promise<Unchecked | undefined> {
  if (before === undefined) return undefined;
  const over = repositories.length === 0;
  if (over && !wasReported(before, before.repositories.length > 0, oldest)) return undefined;
  const since = over ? now().toISOString() : before.since;
  if (over || before.doubtful === true) {
    const named = repositories.slice(0, MAX_EXAMPLES).join(', ');
    await publish({
      type: over ? 'withdrawal.recovered' : 'withdrawal.unchecked',
      ...(over
        ? { replaced: { since: before.since } }
        : { replaced: undefined, cause: last?.unchecked ?? since }),
      data: {
        policies: distinct(unchecked.map(({ policy }) => policy.name)),
        unchecked: unchecked.length,
        syncs,
        repositories: repositories.slice(0, MAX_NAMED),
        since,
        errors: [...failures.values()]
          .slice(0, MAX_EXAMPLES)
          .map(({ code, message }) => ({ code, message })),
        message: over
          ? 'All approvals could be checked under the current policies'
          : `${unchecked.length} approvals cannot be checked under the changed policy, and stay: ${named}`,
      },
    });
  }
  if (over) return undefined;
  return { since, repositories: repositories.slice(0, MAX_EXCEPTED) };
}

function describe(
  type: BrakeEvent['type'],
  since: string,
  { syncs, losing, unfollowed }: Weighed,
  hashes: string[],
  { withdrawBrake }: Pick<WeighDeps, 'withdrawBrake'>,
): Pick<BrakeEvent, 'type' | 'data'> {
  const policies = distinct(losing.map(({ policy }) => policy.name));
  const withdrawals = losing.length + unfollowed.length;
  const why = [
    ...(losing.length > 0 ? [`do not verify under the changed policy ${policies.join(', ')}`] : []),
    ...(unfollowed.length > 0 ? ['are on RSyncs that no entry of images follows'] : []),
  ].join(', or ');
  const count = `${withdrawals} of ${syncs} approvals`;
  const examples = [
    ...losing.map(({ image, approval }) => `${image}@${approval.digest}`),
    ...unfollowed.map(({ record, row }) => `${record.cluster}/${row.sync}`),
  ];
  const share = `${Number((withdrawBrake * 100).toFixed(2))}%`;
  return {
    type,
    data: {
      policies,
      hashes,
      withdrawals,
      syncs,
      brake: withdrawBrake,
      images: distinct(examples).slice(0, MAX_EXAMPLES),
      since,
      errors: [],
      message:
        type === 'sweep.braked'
          ? `${count} ${why}, more than sweep.withdrawBrake (${share}): none of these is withdrawn; restore the config, sign again, or raise the brake`
          : `The brake is released: ${count} are to be withdrawn`,
    },
  };
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].toSorted();
}
