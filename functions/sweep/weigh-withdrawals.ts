import type { CountersignError } from '#shared/core/errors.ts';
import type { ImageRules } from '#shared/config/image-rules.ts';
import { UNFOLLOWED, WITHDRAWAL_NOTE } from '#shared/reconcile/may-withdraw.ts';
import type { BrakeEvent, StatusEvent } from '#shared/status/events.ts';
import type { WithdrawalNote } from '#shared/store/notes.ts';
import type { Store } from '#shared/store/store.ts';
import type { Verifier } from '#shared/trust/verifier.ts';
import { type Approval, judgeOutdated } from './judge-outdated.ts';
import { type ImagePolicies, policyOfRow, repositoryOf } from './policy-of-row.ts';
import { type KnownSync, type Snapshot, syncsOf } from './snapshot.ts';

/** Examples that an event names; the counts say how many there are. */
const MAX_EXAMPLES = 10;

/** Repositories that an event names. */
const MAX_NAMED = 50;

/** Repositories that are excepted from a permission, which is kept in one note. */
const MAX_EXCEPTED = 500;

export interface WeighDeps extends ImagePolicies {
  readonly rules: ImageRules;
  readonly verifier: Pick<Verifier, 'verify'>;
  readonly store: Pick<Store, 'readNote' | 'writeNote'>;
  readonly publish: (event: StatusEvent) => Promise<void>;
  readonly now: () => Date;
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
  const note = await deps.store.readNote('withdrawal', WITHDRAWAL_NOTE);
  const syncs = approvals.length + unfollowed.length;
  // A store that was lost knows of a part of the fleet only: too little to weigh.
  const partial = snapshot.members.some(({ name }) => !snapshot.records.has(name));
  const pending = outdated.length + unfollowed.length > 0;
  if (pending && partial) return [];
  const { losing, unchecked, failures } = await judgeOutdated(outdated, deps);
  const heavy = (count: number): boolean => count > deps.withdrawBrake * syncs;
  const weighed: Weighed = {
    syncs,
    losing: heavy(losing.length) ? losing : [],
    unfollowed: heavy(unfollowed.length) ? unfollowed : [],
  };
  const repositories = distinct(unchecked.map(({ repository }) => repository));
  // What cannot be judged now may be what the brake is for.
  const stays = note?.braked !== undefined && unchecked.length > 0 && weighed.losing.length === 0;
  const braked = stays
    ? note.braked
    : await reportBrake(note?.braked, weighed, { losing, unfollowed, syncs }, deps);
  const left = await reportUnchecked(
    note?.unchecked,
    { unchecked, repositories, failures, syncs },
    deps,
  );
  const decidedAt = deps.now().toISOString();
  // More than can be excepted one by one: then nothing is known that could be weighed.
  const known = !stays && weighed.losing.length === 0 && repositories.length <= MAX_EXCEPTED;
  const hashes = known ? distinct(outdated.map(({ policy }) => policy.hash)) : [];
  const unfollowing = unfollowed.length > 0 && weighed.unfollowed.length === 0;
  const allowed = Object.fromEntries(
    [...hashes, ...(unfollowing ? [UNFOLLOWED] : [])].map((hash) => [hash, decidedAt]),
  );
  const idle = note === undefined || note.braked !== undefined || note.unchecked !== undefined;
  if (pending || (note !== undefined && idle)) {
    await deps.store.writeNote('withdrawal', WITHDRAWAL_NOTE, {
      allowed,
      ...(braked === undefined ? {} : { braked }),
      ...(left === undefined ? {} : { unchecked: left }),
    });
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
      // One that is there and could not be looked at yet is not known to be anything.
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

type Braked = NonNullable<WithdrawalNote['braked']>;
type Unchecked = NonNullable<WithdrawalNote['unchecked']>;

/** Publishes that the brake holds, once for the same policies, or that it is released. Returns what to remember. */
async function reportBrake(
  before: Braked | undefined,
  held: Weighed,
  all: Weighed,
  deps: WeighDeps,
): Promise<Braked | undefined> {
  const policies = distinct([
    ...held.losing.map(({ policy }) => policy.hash),
    ...(held.unfollowed.length === 0 ? [] : [UNFOLLOWED]),
  ]);
  if (policies.length === 0) {
    if (before !== undefined) {
      await deps.publish(describe('sweep.recovered', before, all, policies, deps));
    }
    return undefined;
  }
  if (before?.policies.join() === policies.join()) return before;
  await deps.publish(describe('sweep.braked', before, held, policies, deps));
  return { since: deps.now().toISOString(), policies };
}

interface NotJudged {
  readonly unchecked: readonly Approval[];
  readonly repositories: readonly string[];
  readonly failures: ReadonlyMap<string, CountersignError>;
  readonly syncs: number;
}

/** Publishes that approvals could not be judged, once until all are. Returns what to remember. */
async function reportUnchecked(
  before: Unchecked | undefined,
  { unchecked, repositories, failures, syncs }: NotJudged,
  { publish, now }: WeighDeps,
): Promise<Unchecked | undefined> {
  const since = now().toISOString();
  const over = repositories.length === 0;
  if (over !== (before === undefined)) {
    const named = repositories.slice(0, MAX_EXAMPLES).join(', ');
    await publish({
      type: over ? 'withdrawal.recovered' : 'withdrawal.unchecked',
      replaced: before && { since: before.since },
      ...(before === undefined ? { cause: since } : {}),
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
          ? 'All approvals could be judged under the policies of today'
          : `${unchecked.length} approvals cannot be judged under the changed policy, and stand: ${named}`,
      },
    });
  }
  if (over) return undefined;
  return { since: before?.since ?? since, repositories: repositories.slice(0, MAX_EXCEPTED) };
}

function describe(
  type: BrakeEvent['type'],
  replaced: Braked | undefined,
  { syncs, losing, unfollowed }: Weighed,
  hashes: string[],
  { withdrawBrake, now }: Pick<WeighDeps, 'withdrawBrake' | 'now'>,
): BrakeEvent {
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
    replaced,
    data: {
      policies,
      hashes,
      withdrawals,
      syncs,
      brake: withdrawBrake,
      images: distinct(examples).slice(0, MAX_EXAMPLES),
      since: now().toISOString(),
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
