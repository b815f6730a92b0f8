import type { Taken } from '#shared/core/content.ts';
import { defined } from '#shared/core/defined.ts';
import type { Digest } from '#shared/core/digest.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import type { BurstResolver } from '#shared/registry/burst.ts';
import type { Verifier } from '#shared/trust/verifier.ts';
import type { Announced } from './announcement.ts';

/** What is asked of a registry. */
export interface Question {
  readonly announced: Announced;
  readonly policy: TrustPolicy;
  /** What the RSync uses of it. */
  readonly taken: Taken;
  /** An index to look at, from a receipt that any tenant may have written: it proves nothing. */
  readonly hint?: Digest;
}

export interface FindDeps {
  readonly verifier: Verifier;
  readonly resolver: Pick<BurstResolver, 'resolve'>;
  readonly now: () => Date;
}

/** What was found: with the digest that was verified, which no announcement of a chart names. */
export interface Found {
  readonly verdict: Verdict;
  readonly digest?: string;
}

/** Any resolution of the last seconds will do: an index that is missing from it is found at the next attempt. */
const ANY_TIME = new Date(0);

/**
 * The verdict of what is announced. Throws where it could not be found out.
 *
 * Helm pulls by version and announces no digest: what the version's tag names now is what is verified. Of images Config
 * Sync announces the child that it pulled, and cosign signs the index that was pushed unless a flag says otherwise: where
 * the child's own signatures do not count, those of its index do, once the registry shows that it is its index.
 */
export async function findVerdict(question: Question, deps: FindDeps): Promise<Found> {
  const { verifier, resolver, now } = deps;
  const { announced, policy, taken } = question;
  const { reference } = announced;
  const { repository, digest: pinned } = reference;
  if (announced.type === 'chart') {
    const { image } = await resolver.resolve(reference, now());
    if (image.status === 'unusable') return { verdict: image };
    const subject = { repository, ...defined({ digest: image.digest, index: image.index }) };
    return { verdict: await verifier.verify(subject, policy, { taken }), digest: image.digest };
  }
  const { digest } = announced;
  if (pinned !== undefined && pinned !== digest) {
    const pulled = await resolver.resolve(reference, ANY_TIME);
    if (pulled.image.status === 'unusable') return { verdict: pulled.image };
    if (pulled.image.digest !== digest) {
      const message = `it is not what spec.oci.image pins, for ${pinned} leads to another digest`;
      return { verdict: { status: 'unusable', reason: 'digest-absent', message } };
    }
  }
  const verdict = await verifier.verify({ repository, digest }, policy, { taken });
  const good = verdict.status === 'verified' && verdict.allowedUnsigned === undefined;
  // No signature mends what it contains.
  if (good || verdict.status === 'unusable') return { verdict, digest };
  const index = await findIndex(announced, question.hint, deps);
  if (index === undefined) return { verdict, digest };
  const ofIndex = await verifier.verify({ repository, digest, index }, policy, { taken });
  return { verdict: ofIndex, digest };
}

/** The index of the announced digest: by the spec's own reference, the tag beside a pinned digest, or the last approval. */
async function findIndex(
  { reference, digest }: Extract<Announced, { type: 'image' }>,
  hint: Digest | undefined,
  { resolver }: FindDeps,
): Promise<Digest | undefined> {
  const { digest: pinned, ...tagged } = reference;
  const beside = pinned === undefined || tagged.tag === undefined ? [] : [tagged];
  const { host, path, repository } = reference;
  const hinted = hint === undefined ? [] : [{ host, path, repository, digest: hint }];
  for (const candidate of [reference, ...beside, ...hinted]) {
    const { image } = await resolver.resolve(candidate, ANY_TIME);
    if (image.status === 'resolved' && image.digest === digest && image.index !== undefined) {
      return image.index;
    }
  }
  return undefined;
}
