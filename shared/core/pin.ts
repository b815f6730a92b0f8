import { isExactVersion } from './approval-key.ts';
import type { DecisionInput } from './decision-input.ts';
import { isDigest } from './digest.ts';
import type { PinOutcome } from './receipt.ts';
import { type Reference, formatReference } from './reference.ts';
import type { ResolvedImage } from './resolution.ts';
import type { RSync } from './rsync.ts';
import type { ImageRule } from './rule.ts';
import { isPinnedBack } from './target.ts';
import { versionsOf } from './track/stream.ts';

/** What `effect: pin` makes of one RSync's spec. */
export type Pin =
  /** Nothing to do: not pinned at all, or in place, put there by Countersign where the receipt says so. */
  | { readonly status: 'none'; readonly written: boolean }
  | { readonly status: 'write'; readonly field: PinField; readonly value: string }
  /** The digest of a way back is taken out again. */
  | { readonly status: 'free'; readonly field: 'spec.oci.image'; readonly value: string }
  /** It was written once for this digest, or refused, and is not there: not to be fought over. */
  | { readonly status: 'held'; readonly field: PinField; readonly refused: boolean };

export type PinField = 'spec.oci.image' | 'spec.helm.version';

export interface PinTarget {
  readonly rule: ImageRule;
  readonly reference: Reference;
  readonly resolved: ResolvedImage;
  /** The tag names another digest than the one that is approved. */
  readonly elsewhere: boolean;
}

/**
 * The spec change that puts a pinned RSync on its target: the image as written with the digest in place of the one it
 * had, its tag kept beside it unless versions are followed; of a chart the version. One write for each target: where the receipt says that it was
 * made and the spec says otherwise, another writer put it back, most likely the parent that declares the RSync,
 * and only another target or a person's resync tries again.
 */
export function planPin(
  input: Pick<DecisionInput, 'rsync' | 'reason' | 'bare' | 'followed'>,
  { rule, reference, resolved, elsewhere }: PinTarget,
): Pin {
  const { rsync, reason, bare = false } = input;
  const receipt = rsync.annotations.receipt.facts;
  if (rule.effect !== 'pin') {
    const pinned = isPinnedBack(rsync.source, rule, receipt);
    if (!elsewhere) return pinned && !bare ? free(rsync) : { status: 'none', written: pinned };
    const isBack =
      rule.rollback === 'pin' && input.followed?.admission?.rollout?.kind === 'rollback';
    if (!pinned && !isBack) return { status: 'none', written: false };
  }
  const wanted = wantedOf(rsync, rule, resolved);
  if (wanted === undefined) return { status: 'none', written: receipt?.pin !== undefined };
  const { field, value } = wanted;
  const tried =
    receipt?.pin !== undefined &&
    receipt.digest === resolved.digest &&
    receipt.image === formatReference(reference);
  if (tried && reason !== 'resync') {
    return { status: 'held', field, refused: receipt.pin === 'refused' };
  }
  return bare ? { status: 'held', field, refused: true } : { status: 'write', field, value };
}

/** The tag names what is approved: Config Sync follows it again. */
function free({ source }: RSync): Pin {
  const [value = ''] = source.type === 'oci' ? source.image.split('@', 1) : [];
  return { status: 'free', field: 'spec.oci.image', value };
}

/** What the receipt says of it: the next look sees by this whether the spec was put back. */
export function outcomeOf(pin: Pin): PinOutcome | undefined {
  if (pin.status === 'free') return undefined;
  if (pin.status === 'none') return pin.written ? 'written' : undefined;
  return pin.status === 'held' && pin.refused ? 'refused' : 'written';
}

/** One sentence for people: who is in the way of a pin that is held, and what to do. */
export function explainHeld(
  { field, refused }: Pin & { readonly status: 'held' },
  { declared, manager }: Pick<RSync, 'declared' | 'manager'>,
): string {
  const owner = manager ?? (declared ? 'another RSync' : undefined);
  const happened = refused
    ? `The cluster refused to let ${field} be pinned`
    : `${field} was pinned and put back`;
  return owner === undefined
    ? `${happened}; its writer must set it, or leave it alone`
    : `${happened}: ${owner} declares it; set it there, or declare client.lifecycle.config.k8s.io/mutation: ignore beside it`;
}

/** One sentence, as `explainHeld`, where the spec is not on what was pinned last; nothing newer is pinned meanwhile. */
export function explainStrayed(rsync: RSync, rule: ImageRule): string | undefined {
  const { approved, receipt } = rsync.annotations;
  const { facts } = receipt;
  const [key = ''] = approved.keys;
  if (rule.effect !== 'pin' || facts?.pin === undefined) return undefined;
  if (isDigest(key) && key !== facts.digest) return undefined;
  const version = key.slice(key.lastIndexOf(':') + 1);
  const wanted = wantedOf(rsync, rule, { status: 'resolved', digest: facts.digest, version });
  const refused = facts.pin === 'refused';
  return wanted && explainHeld({ status: 'held', field: wanted.field, refused }, rsync);
}

function wantedOf(
  { source }: RSync,
  rule: ImageRule,
  { digest, version }: ResolvedImage,
): { field: PinField; value: string } | undefined {
  if (source.type === 'oci') {
    // Another tag beside the digest would be a roll-out of the reconciler for nothing.
    const isVersion = versionsOf(rule) !== undefined;
    if (isVersion && source.reference.digest === digest) return undefined;
    const [name = ''] = source.image.split('@', 1);
    const value = `${isVersion ? withoutTag(name) : name}@${digest}`;
    return value === source.image ? undefined : { field: 'spec.oci.image', value };
  }
  if (source.type !== 'helm' || rule.track === undefined || version === undefined) return undefined;
  return version === source.version ? undefined : { field: 'spec.helm.version', value: version };
}

/** The tag that stands in a spec is none of the versions that are followed. */
function withoutTag(name: string): string {
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
}

/** Why a pin cannot hold on an RSync, or moves nothing there. */
export const PIN_OBSTACLES = ['declared-by-parent', 'no-tag', 'no-version'] as const;

export interface PinObstacle {
  readonly code: (typeof PIN_OBSTACLES)[number];
  readonly message: string;
}

/**
 * What stands against `effect: pin` on this RSync, as far as the object itself shows it; undefined: nothing, or the
 * rule does not pin. A field that a parent RSync declares is put back within seconds; an image that names no tag, and
 * a chart that names no version, follow nothing.
 */
export function pinObstacle(
  { source, declared, manager, inApplySet, mutationIgnored }: RSync,
  rule: Pick<ImageRule, 'effect' | 'track'>,
): PinObstacle | undefined {
  if (rule.effect !== 'pin') return undefined;
  const owned = declared || manager !== undefined || inApplySet === true;
  if (owned && mutationIgnored !== true) {
    const owner = manager ?? 'Another RSync';
    return {
      code: 'declared-by-parent',
      message: `${owner} declares it and puts a pin back: declare client.lifecycle.config.k8s.io/mutation: ignore there, or give its image an entry with effect: gate`,
    };
  }
  if (source.type === 'oci' && source.reference.tag === undefined && rule.track === undefined) {
    return {
      code: 'no-tag',
      message: `${source.image} names a digest and no tag, so that nothing moves it: write track in its entry, or the tag beside the digest`,
    };
  }
  const tracked = rule.track !== undefined && 'version' in source;
  if (source.type === 'helm' && !isExactVersion(source.version ?? '') && !tracked) {
    return {
      code: 'no-version',
      message: `Chart ${source.chart} names no exact version, and a pin replaces a version only: write one in spec.helm.version`,
    };
  }
  return undefined;
}
