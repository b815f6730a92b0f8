import { defined } from '#shared/core/defined.ts';
import type { ImageDeps } from '#shared/reconcile/deps.ts';
import { WITHDRAWAL_NOTE } from '#shared/reconcile/may-withdraw.ts';
import type { WithdrawalNote } from '#shared/store/store.ts';

/** Repositories that are excepted from a permission, which is kept in one note. */
export const MAX_EXCEPTED = 500;

export type Braked = NonNullable<WithdrawalNote['braked']>;
export type Unchecked = NonNullable<WithdrawalNote['unchecked']>;
/** The troubles that are open, and when the last ones were over. */
type Open = Pick<WithdrawalNote, 'braked' | 'unchecked' | 'over'>;
/** With the date of the oldest approval. */
export type Reported = Open & { readonly oldest: string };

type NoteDeps = Pick<ImageDeps, 'store' | 'now'>;

/** The note. Without one the store is new or was lost, and both troubles may be open. */
export async function readOrBegin({ store, now }: NoteDeps): Promise<WithdrawalNote> {
  const note = await store.readNote('withdrawal', WITHDRAWAL_NOTE);
  if (note !== undefined) return note;
  const unknown = { since: now().toISOString(), doubtful: true } as const;
  const begun: WithdrawalNote = {
    allowed: {},
    braked: { ...unknown, policies: [] },
    unchecked: { ...unknown, repositories: [] },
  };
  await store.writeNote('withdrawal', WITHDRAWAL_NOTE, begun);
  return begun;
}

/** Whether it is not known if the brake was reported to hold. */
export function isUnknown(braked: Braked | undefined): boolean {
  return braked?.policies.length === 0;
}

/** Records what is reported for the first time before it is, so that the next sweep reports it too (ADR 0012). */
export async function markBegun(
  note: WithdrawalNote,
  { policies, repositories }: Record<'policies' | 'repositories', readonly string[]>,
  { store, now }: NoteDeps,
): Promise<Open> {
  const begun = { since: now().toISOString(), doubtful: true } as const;
  const braked = note.braked ?? (policies.length === 0 ? undefined : { ...begun, policies });
  const excepted = repositories.slice(0, MAX_EXCEPTED);
  const unchecked =
    note.unchecked ?? (excepted.length === 0 ? undefined : { ...begun, repositories: excepted });
  const marked = defined({ braked, unchecked, over: note.over });
  if (braked !== note.braked || unchecked !== note.unchecked) {
    await store.writeNote('withdrawal', WITHDRAWAL_NOTE, { allowed: {}, ...marked });
  }
  return marked;
}

/** Whether what may be open was ever reported: of a new store, whose approvals are all younger, it was not. */
export function wasReported(
  before: Pick<Braked, 'since'>,
  known: boolean,
  oldest: string,
): boolean {
  return known || (oldest !== '' && Date.parse(oldest) < Date.parse(before.since));
}
