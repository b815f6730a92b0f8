import type { RSyncAnnotations } from './annotations.ts';
import { digestOfCommit, isDigest } from './digest.ts';
import type { ReceiptFacts } from './receipt.ts';
import { type Reference, formatReference, tryReference } from './reference.ts';
import type { Resolution } from './resolution.ts';
import type { Source } from './rsync.ts';

const OCI_SCHEME = 'oci://';

/**
 * One exact chart version, as charts must have (semantic versioning 2). A git commit or a digest that an earlier
 * source left in the status is none, nor is `latest`, which stays the same word for ever.
 */
const VERSION = /^v?\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;
const MAX_VERSION = 128;

/** Whether `version` is one exact chart version, which cannot come to mean another. */
export function isExactVersion(version: string): boolean {
  return version.length <= MAX_VERSION && VERSION.test(version);
}

/**
 * What an approval of `commit` is called in `countersign.dev/approved`: the digest, or for Helm over OCI
 * `<host/path>/<chart>:<version>`. The Helm form takes `spec.helm` to the letter, without its `oci://`, for the gate
 * builds the same string in CEL and knows no normal form. `commit` is 64 hex digits or a chart's version; undefined
 * when it is neither, or the source is nothing that is followed.
 */
export function approvalKey(source: Source, commit: string): string | undefined {
  if (source.type === 'oci') return digestOfCommit(commit);
  if (source.type !== 'helm' || !isExactVersion(commit)) return undefined;
  return `${source.repo.slice(OCI_SCHEME.length)}/${source.chart}:${commit}`;
}

/** The approval key of what a target resolved to; undefined where that is unusable, or has none. */
export function keyOfTarget(source: Source, image: Resolution['image']): string | undefined {
  if (image.status !== 'resolved') return undefined;
  if (source.type === 'oci') return image.digest;
  if (source.type !== 'helm') return undefined;
  return approvalKey(source, image.version ?? source.version ?? '');
}

/** The reference that Helm pulls for an approval key of a chart; undefined for a digest, and for no such key. */
export function referenceOfKey(key: string): Reference | undefined {
  // A tag has no "+": Helm pushes and pulls a version's build part behind "_".
  return isDigest(key) ? undefined : tryReference(key.replaceAll('+', '_'));
}

/** Whether `key` is what the receipt was written for. */
export function isKeyOf(
  { digest, image }: Pick<ReceiptFacts, 'digest' | 'image'>,
  key: string,
): boolean {
  if (key === digest) return true;
  const reference = referenceOfKey(key);
  return reference !== undefined && formatReference(reference) === image;
}

/**
 * The approved keys that are not accounted for: the receipt does not name them, or they were not there at the last look
 * (`known`, where that is remembered). Without the gate anyone can add one; such a key counts as long as it verifies.
 */
export function unexplainedKeys(
  { approved, receipt: { facts } }: Pick<RSyncAnnotations, 'approved' | 'receipt'>,
  known: readonly string[] | undefined,
): readonly string[] {
  return approved.keys.filter(
    (key) =>
      facts === undefined ||
      !(isKeyOf(facts, key) || facts.also?.includes(key)) ||
      known?.includes(key) === false,
  );
}

/** What `countersign.dev/break-glass` lets through: its first word, where that can be an approval key. */
export function glassKey({ breakGlass = '' }: RSyncAnnotations): string | undefined {
  const [key = ''] = breakGlass.split(' ', 1);
  const [, version = ''] = /^[^/]+\/.+:([^:/]+)$/.exec(key) ?? [];
  return isDigest(key) || isExactVersion(version) ? key : undefined;
}
