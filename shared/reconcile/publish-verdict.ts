import type { Followed } from '#shared/core/decision-input.ts';
import { defined } from '#shared/core/defined.ts';
import type { CountersignError } from '#shared/core/errors.ts';
import { type Reference, formatReference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { Release } from '#shared/core/track/track.ts';
import { type Verdict, reasonsOf, signerOf } from '#shared/core/verdict.ts';
import type { ImageEvent } from '#shared/status/events.ts';
import { type ImageClaim, type ImageNews, claimImage } from './claim-image.ts';
import type { ImageDeps } from './deps.ts';

export interface JudgedImage {
  readonly reference: Reference;
  readonly resolution: Resolution;
  readonly verdict: Verdict;
  readonly policy: string;
  /** Where versions are followed: the tag, and its version. */
  readonly release?: Release;
  /** It verified under this very policy before: an approval says so. */
  readonly vanished?: boolean;
}

type VerdictDeps = Pick<ImageDeps, 'store' | 'publish' | 'now' | 'serial' | 'settled'>;

/**
 * Publishes an image's verdict, unless it is what was last published of that digest and of that tag, or is older than
 * that. `cause` is the notification's message id or the task's id: a retry repeats the event's id. `busy`: another function
 * publishes something else of it at this moment; a later look publishes what is new then.
 */
export async function publishVerdict(
  judged: JudgedImage,
  cause: string,
  deps: VerdictDeps,
): Promise<'settled' | 'busy'> {
  const { reference, resolution, verdict, policy } = judged;
  const { repository } = reference;
  const { image, resolvedAt } = resolution;
  const { status } = verdict;
  const named = { key: { repository, digest: nameOf(reference) }, readAt: resolvedAt };
  const digest =
    image.status === 'resolved'
      ? { key: { repository, digest: image.digest }, readAt: verdict.readAt ?? resolvedAt }
      : named;
  const tag = digest.key.digest === named.key.digest ? undefined : named;
  const news = defined({ status, policy, cause, digest, tag });
  return publishOnce(news, deps, (claim) => describeVerdict(judged, claim));
}

/** Publishes once that an image could not be checked; the next verdict of it ends that. */
export async function publishUnchecked(
  reference: Reference,
  failure: CountersignError,
  cause: string,
  deps: VerdictDeps,
): Promise<void> {
  const key = { repository: reference.repository, digest: nameOf(reference) };
  const digest = { key, readAt: deps.now().toISOString() };
  const { code, message } = failure;
  await publishOnce({ status: 'unchecked', policy: '', cause, digest }, deps, (claim) => ({
    type: 'image.unchecked',
    ...episodeOf(claim),
    data: {
      image: formatReference(reference),
      since: claim.since,
      errors: [{ code, message }],
      message,
    },
  }));
}

async function publishOnce(
  news: ImageNews,
  { store, publish, now, serial, settled }: VerdictDeps,
  describe: (claim: ImageClaim) => ImageEvent,
): Promise<'settled' | 'busy'> {
  const name = nameOfNews(news);
  if (settled?.has(name)) return 'settled';
  return serial(`image ${news.digest.key.repository}`, async () => {
    // Others may have waited for this one's turn with the same.
    if (settled?.has(name)) return 'settled';
    const claim = await claimImage(news, { store, now });
    if (claim === 'busy') return 'busy';
    if (claim !== undefined) {
      try {
        await publish(describe(claim));
      } catch (error) {
        await claim.failed();
        throw error;
      }
      await claim.done();
    }
    settled?.set(name, true);
    return 'settled';
  });
}

function nameOfNews({ cause, digest, tag = digest, status, policy }: ImageNews): string {
  const { repository } = digest.key;
  return [cause, repository, digest.key.digest, tag.key.digest, status, policy].join(' ');
}

/** What this event differs in from another one about the same image. */
function episodeOf({ replaced, cause }: ImageClaim): Pick<ImageEvent, 'cause' | 'replaced'> {
  return replaced === undefined ? { cause } : { replaced };
}

/** What a reference is remembered by where its digest is not known: a tag that resolves to nothing, for one. */
function nameOf({ digest, tag }: Reference): string {
  return digest ?? `:${tag}`;
}

/** The image of a decision, where it has one that was resolved. */
export function judgedImage(followed: Followed): JudgedImage | undefined {
  const { verdict, ofDigest = verdict, policy, resolved } = followed.named ?? followed;
  if (resolved === undefined) return undefined;
  return { ...resolved, verdict: ofDigest, policy };
}

function describeVerdict(
  { reference, resolution, verdict, policy, release, vanished: stands = false }: JudgedImage,
  claim: ImageClaim,
): ImageEvent {
  const image = resolution.image.status === 'resolved' ? resolution.image : undefined;
  const vanished = (stands || claim.wasVerified) && verdict.status === 'unsigned';
  return {
    type: `image.${verdict.status}`,
    ...episodeOf(claim),
    ...severityOf(verdict, vanished),
    data: defined({
      image: formatReference(reference),
      digest: image?.digest,
      index: image?.index,
      release: release?.version,
      policy,
      verdict: verdict.status,
      authorities: verdict.status === 'verified' ? [...verdict.authorities] : undefined,
      signer: signerOf(verdict),
      revision: image?.revision,
      source: image?.source,
      reasons: [...reasonsOf(verdict)],
      since: claim.since,
      errors: [],
      message: vanished ? VANISHED : sentence(verdict),
    }),
  };
}

const VANISHED =
  'Its signature has vanished, and its approvals stand: keep signatures as long as their images';

/** What differs from the severity that the event has by its type. */
function severityOf(verdict: Verdict, vanished: boolean): Pick<ImageEvent, 'severity'> {
  // An image that would write outside of its folder is an attack, or looks like one, signed or not.
  if (verdict.status === 'unusable' && verdict.reason === 'unsafe-entry') {
    return { severity: 'ERROR' };
  }
  // No authority vouches for it any more, or ever did, and it may be synced all the same.
  const unsigned = verdict.status === 'verified' && verdict.allowedUnsigned === true;
  return vanished || unsigned ? { severity: 'WARNING' } : {};
}

function sentence(verdict: Verdict): string {
  switch (verdict.status) {
    case 'verified':
      return verdict.allowedUnsigned
        ? 'Not verified: the policy allows unsigned images'
        : `Verified by ${verdict.authorities.join(', ')}`;
    case 'unsigned':
      return 'No signature in any known place: sign the digest, and its event resumes this push';
    case 'incomplete':
      return `Signed in part: ${verdict.missing.join(', and ')} is missing, and its event resumes this push`;
    case 'untrusted':
      return `No trusted signature: ${reasonsOf(verdict).join(', ')}`;
    case 'unusable':
      return verdict.message;
  }
}
