import { isExactVersion } from './approval-key.ts';
import type { ReceiptFacts } from './receipt.ts';
import { type Reference, parseReference, tryReference } from './reference.ts';
import type { Source } from './rsync.ts';
import type { ImageRule } from './rule.ts';
import type { TrackedKind } from './track/track.ts';
import type { Verdict } from './verdict.ts';

type Unusable = Verdict & { readonly status: 'unusable' };

export type Target =
  | {
      readonly status: 'follow';
      readonly reference: Reference;
      /** A tag of a chart: Helm pulls by version, so that the version behind the tag must be found out too. */
      readonly chart?: boolean;
    }
  /** Versions of the repository: which of them, a listing says, and what was taken before. */
  | {
      readonly status: 'track';
      readonly kind: TrackedKind;
      /** What the spec names. */
      readonly reference: Reference;
    }
  | Unusable;

/** What an RSync is to be on: what its spec names, or under `pin` the tag or the versions that are tracked. */
export function targetOf(
  source: Source,
  rule: ImageRule,
  receipt?: ReceiptFacts,
): Target | undefined {
  switch (source.type) {
    case 'other':
      return undefined;
    case 'invalid':
      return { status: 'unusable', reason: 'bad-reference', message: source.problem };
    case 'helm':
      return targetOfChart(source, rule);
    case 'oci': {
      const { reference } = source;
      if (rule.effect !== 'pin') {
        const before = isPinnedBack(source, rule, receipt) ? tagOf(reference, receipt) : undefined;
        return { status: 'follow', reference: before ? tagged(reference, before) : reference };
      }
      if (typeof rule.track === 'object') return { status: 'track', kind: 'image', reference };
      // A pinned image keeps the tag it had beside the digest: `x:v1@sha256:…`.
      const tracked = rule.track ?? tagOf(reference, receipt);
      return {
        status: 'follow',
        reference: tracked === undefined ? reference : tagged(reference, tracked),
      };
    }
  }
}

/** Whether the digest in a spec under `gate` is Countersign's, of a way back: it goes once the tag names another. */
export function isPinnedBack(
  source: Source,
  { effect, rollback }: Pick<ImageRule, 'effect' | 'rollback'>,
  receipt: Pick<ReceiptFacts, 'pin' | 'digest'> | undefined,
): boolean {
  if (effect !== 'gate' || rollback !== 'pin' || source.type !== 'oci') return false;
  const { digest } = source.reference;
  return digest !== undefined && receipt?.pin === 'written' && receipt.digest === digest;
}

function tagOf(reference: Reference, receipt: ReceiptFacts | undefined): string | undefined {
  return reference.tag ?? tagBefore(reference, receipt);
}

/** An image written without a tag has none beside its digest; which one it followed, the receipt of the pin says. */
function tagBefore(reference: Reference, receipt: ReceiptFacts | undefined): string | undefined {
  if (receipt?.pin !== 'written' || receipt.digest !== reference.digest) return undefined;
  const before = tryReference(receipt.image);
  return before?.repository === reference.repository ? before.tag : undefined;
}

function targetOfChart(source: Source & { type: 'helm' }, rule: ImageRule): Target {
  const { chart, reference, version = '' } = source;
  // The gate lets Countersign replace a version, not add one.
  if (rule.effect === 'pin' && rule.track !== undefined && version !== '') {
    if (typeof rule.track === 'object') return { status: 'track', kind: 'chart', reference };
    return { status: 'follow', reference: tagged(reference, rule.track), chart: true };
  }
  if (isExactVersion(version)) return { status: 'follow', reference };
  return {
    status: 'unusable',
    reason: 'version-not-static',
    message: `spec.helm.version of ${chart} must be one exact version, not ${JSON.stringify(version === '' ? 'latest' : version)}`,
  };
}

function tagged({ repository }: Reference, tag: string): Reference {
  return parseReference(`${repository}:${tag}`);
}
