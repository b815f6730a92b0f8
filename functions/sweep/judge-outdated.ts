import { defined } from '#shared/core/defined.ts';
import { isDigest } from '#shared/core/digest.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import type { ImageDeps } from '#shared/reconcile/deps.ts';
import { inTurns } from '#shared/reconcile/in-turns.ts';
import { withDeadline } from '#shared/net/within.ts';
import { repositoryOf } from '#shared/reconcile/snapshot.ts';
import type { ApprovalFacts, SyncRow } from '#shared/store/store.ts';
import type { Verifier } from '#shared/trust/verifier.ts';

/** Digests that are judged at once, and of these of one repository. */
const PLACES = { atOnce: 8, perGroup: 2 } as const;

/** For one digest; a registry that takes longer is asked again by the next sweep. */
const JUDGE_MS = 10_000;

/** For all: after this nothing more is begun, and the sweep goes on without it. */
const ALL_MS = 20_000;

/** An approval of the snapshot, and the policy that the config now has for it. */
export interface Approval {
  readonly image: string;
  readonly repository: string;
  readonly approval: ApprovalFacts;
  readonly policy: TrustPolicy;
}

export interface Judged {
  /** Those whose digest does not verify under today's policy. */
  readonly losing: readonly Approval[];
  /** Those that are neither verified nor refuted. */
  readonly unchecked: readonly Approval[];
  /** Why, one failure for each repository. */
  readonly failures: ReadonlyMap<string, CountersignError>;
}

/** Judges each digest once; a repository that failed is not asked again by this sweep, and holds up no other. */
export async function judgeOutdated(
  outdated: readonly Approval[],
  { verifier, now }: { readonly verifier: Pick<Verifier, 'verify'>; readonly now: () => Date },
): Promise<Judged> {
  const endsAt = now().getTime() + ALL_MS;
  const different = new Map(outdated.map((one) => [keyOf(one), one]));
  const refuted = new Set<string>();
  const unchecked = new Set<string>();
  const failures = new Map<string, CountersignError>();

  async function judge([key, one]: readonly [string, Approval]): Promise<void> {
    const { repository, policy } = one;
    if (failures.has(repository)) {
      unchecked.add(key);
      return;
    }
    try {
      if (now().getTime() > endsAt) {
        throw new CountersignError('deadline-exceeded', 'The sweep had no time left to judge it');
      }
      const verdict = await withDeadline(JUDGE_MS, `Judging ${one.image}`, async () =>
        verifier.verify(subjectOf(one), policy),
      );
      if (verdict.status !== 'verified') refuted.add(key);
    } catch (error) {
      unchecked.add(key);
      failures.set(repository, toFailure(error));
    }
  }

  await inTurns([...different], ([, { repository }]) => repository, judge, PLACES);
  return {
    losing: outdated.filter((one) => refuted.has(keyOf(one))),
    unchecked: outdated.filter((one) => unchecked.has(keyOf(one))),
    failures,
  };
}

function subjectOf({
  repository,
  approval: { digest, index },
}: Approval): Parameters<Verifier['verify']>[0] {
  if (!isDigest(digest)) throw new CountersignError('internal', 'The snapshot has no digest');
  return defined({ repository, digest, index: index && isDigest(index) ? index : undefined });
}

function keyOf({ repository, approval: { digest, index = '' }, policy }: Approval): string {
  return [repository, digest, index, policy.hash].join(' ');
}

/** What the config says of images. */
export type ImagePolicies = Pick<ImageDeps, 'rules' | 'policies'>;

/** The policy that the config now has for what a row follows. */
export function policyOfRow(
  row: SyncRow,
  { rules, policies }: ImagePolicies,
): TrustPolicy | undefined {
  const repository = repositoryOf(row);
  const rule = repository === undefined ? undefined : rules.match(repository);
  return rule === undefined ? undefined : policies.get(rule.trust);
}

/** Whether a row's approval was made under another policy than the one the config now has. */
export function isOutdated(row: SyncRow, images: ImagePolicies): boolean {
  const policy = row.approval === undefined ? undefined : policyOfRow(row, images);
  return policy !== undefined && policy.hash !== row.approval?.policy;
}
