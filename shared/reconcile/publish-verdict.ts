import type { Followed } from '#shared/core/decide.ts';
import type { CountersignError } from '#shared/core/errors.ts';
import { type Reference, formatReference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import { type Verdict, reasonsOf } from '#shared/core/verdict.ts';
import type { ImageEvent } from '#shared/status/events.ts';
import type { ImageDeps } from './deps.ts';

export interface JudgedImage {
  readonly reference: Reference;
  readonly resolution: Resolution;
  readonly verdict: Verdict;
  /** Hash of the policy it was judged under. */
  readonly policy: string;
  /** It verified under this very policy before: an approval says so. */
  readonly vanished?: boolean;
}

type VerdictDeps = Pick<ImageDeps, 'store' | 'publish' | 'now' | 'serial'>;

/**
 * Publishes an image's verdict, unless that verdict of that digest under that policy was the last one published.
 * `cause` is the notification's message id or the task's id: a retry repeats the event's id.
 */
export async function publishVerdict(
  judged: JudgedImage,
  cause: string,
  deps: VerdictDeps,
): Promise<void> {
  const { repository } = judged.reference;
  await deps.serial(`image ${repository}`, () => publishOnce(judged, cause, deps));
}

async function publishOnce(
  judged: JudgedImage,
  cause: string,
  { store, publish, now }: VerdictDeps,
): Promise<void> {
  const { reference, resolution, verdict, policy } = judged;
  const { repository } = reference;
  const { image } = resolution;
  const name = nameOf(reference);
  const digest = image.status === 'resolved' ? image.digest : name;
  const last = await store.readImage({ repository, digest });
  const named = digest === name ? last : await store.readImage({ repository, digest: name });
  const told = last?.status === verdict.status && last.policy === policy;
  if (told && named?.status !== 'unchecked') return;
  const since = now().toISOString();
  const vanished =
    judged.vanished === true || (last?.status === 'verified' && last.policy === policy);
  await publish(describeVerdict({ ...judged, vanished }, cause, since));
  const record = { repository, status: verdict.status, policy, since };
  await store.writeImage({ ...record, digest });
  if (named !== undefined && digest !== name) await store.writeImage({ ...record, digest: name });
}

/** Publishes once that an image could not be checked; whatever verdict comes next ends it. */
export async function publishUnchecked(
  reference: Reference,
  failure: CountersignError,
  cause: string,
  { store, publish, now }: VerdictDeps,
): Promise<void> {
  const key = { repository: reference.repository, digest: nameOf(reference) };
  const last = await store.readImage(key);
  if (last?.status === 'unchecked' && last.doubtful !== true) return;
  const since = now().toISOString();
  const { code, message } = failure;
  const record = { ...key, status: 'unchecked', policy: '', since } as const;
  // Whatever comes of the publication, the next verdict is told (mark-failures.ts).
  await store.writeImage({ ...record, doubtful: true });
  await publish({
    type: 'image.unchecked',
    cause,
    data: { image: formatReference(reference), since, errors: [{ code, message }], message },
  });
  await store.writeImage(record);
}

/** What a reference is remembered by where its digest is not known: a tag that resolves to nothing, for one. */
function nameOf({ digest, tag }: Reference): string {
  return digest ?? `:${tag}`;
}

/** The image of a decision, where it has one that was resolved. */
export function judgedImage(followed: Followed): JudgedImage | undefined {
  if (followed.resolved === undefined) return undefined;
  const { verdict, policy, resolved } = followed;
  return { ...resolved, verdict, policy };
}

function describeVerdict(
  { reference, resolution, verdict, policy, vanished = false }: JudgedImage,
  cause: string,
  since: string,
): ImageEvent {
  const { image } = resolution;
  return {
    type: `image.${verdict.status}`,
    cause,
    ...(isWarning(verdict, vanished) ? { severity: 'WARNING' } : {}),
    data: {
      image: formatReference(reference),
      ...(image.status === 'resolved' ? { digest: image.digest } : {}),
      ...(image.status === 'resolved' && image.index !== undefined ? { index: image.index } : {}),
      policy,
      verdict: verdict.status,
      ...(verdict.status === 'verified' ? { authorities: [...verdict.authorities] } : {}),
      reasons: [...reasonsOf(verdict)],
      since,
      errors: [],
      message: vanished && verdict.status === 'unsigned' ? VANISHED : sentence(verdict),
    },
  };
}

const VANISHED =
  'Its signature has vanished, and its approvals stand: keep signatures as long as their images';

/** An image that nobody vouches for any more, or never did, and that may be synced all the same. */
function isWarning(verdict: Verdict, vanished: boolean): boolean {
  if (verdict.status === 'verified') return verdict.allowedUnsigned === true;
  return vanished && verdict.status === 'unsigned';
}

function sentence(verdict: Verdict): string {
  switch (verdict.status) {
    case 'verified':
      return verdict.allowedUnsigned
        ? 'Not verified: the policy allows unsigned images'
        : `Verified by ${verdict.authorities.join(', ')}`;
    case 'unsigned':
      return 'No signature in any known place: sign the digest, and its event resumes this push';
    case 'untrusted':
      return `No trusted signature: ${reasonsOf(verdict).join(', ')}`;
    case 'unusable':
      return verdict.message;
  }
}
