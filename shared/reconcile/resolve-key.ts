import { approvalKey, referenceOfKey } from '#shared/core/approval-key.ts';
import type { ResolvedTarget } from '#shared/core/decision-input.ts';
import { isDigest } from '#shared/core/digest.ts';
import { toSeconds } from '#shared/core/receipt.ts';
import type { Reference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { ImageDeps } from './deps.ts';
import type { FollowedRSync } from './follow.ts';

/** An approval key that is let in, and the record that does so. */
export interface Wanted {
  readonly key: string;
  readonly record?: Pick<RolloutRecord, 'resolvedAt' | 'indexes'>;
}

/** The RSync that it is for, and what its tag names now. */
export interface WantedBy {
  readonly entry: FollowedRSync;
  readonly named: ResolvedTarget;
}

/**
 * What an approval key of a record is in the registry: dated by the record, where the tag names another one. A record, and a receipt
 * that it may have been rebuilt from, is believed in nothing: an index counts where the key is its child, a chart where it
 * is the one that the RSync names. Throws what the registry throws.
 */
export async function resolveKey(
  wanted: Wanted,
  by: WantedBy,
  notBefore: Date,
  { resolver }: Pick<ImageDeps, 'resolver'>,
): Promise<Resolution> {
  const { key, record } = wanted;
  const { named } = by;
  if (named.key === key) return { ...named.resolution, fresh: true };
  const ask: Ask = (reference) => resolver.resolve(reference, notBefore);
  const isChart = by.entry.rsync.source.type === 'helm';
  const found = await (isChart ? findChart : findImage)(wanted, by, ask);
  const message = `${key}, which its roll-out names, is nothing that this RSync can sync`;
  const none = { status: 'unusable', reason: 'digest-absent', message } as const;
  const resolvedAt = toSeconds(new Date(record?.resolvedAt ?? 0));
  return { resolvedAt, fresh: true, image: found?.image ?? none };
}

type Ask = (reference: Reference) => Promise<Resolution>;

async function findChart(
  { key }: Wanted,
  { entry: { rsync } }: WantedBy,
  ask: Ask,
): Promise<Resolution | undefined> {
  const version = key.slice(key.lastIndexOf(':') + 1);
  const reference = approvalKey(rsync.source, version) === key ? referenceOfKey(key) : undefined;
  const found = reference && (await ask(reference));
  if (found?.image.status !== 'resolved') return found;
  return { ...found, image: { ...found.image, version } };
}

async function findImage(
  { key, record }: Wanted,
  { entry: { rsync }, named }: WantedBy,
  ask: Ask,
): Promise<Resolution | undefined> {
  if (!isDigest(key)) return undefined;
  const { host, path, repository } = named.reference;
  const { facts } = rsync.annotations.receipt;
  const noted = record?.indexes?.[key] ?? (facts?.digest === key ? facts.index : undefined);
  if (noted !== undefined && isDigest(noted)) {
    const ofIndex = await ask({ host, path, repository, digest: noted });
    if (isOf(ofIndex, key)) return ofIndex;
  }
  const found = await ask({ host, path, repository, digest: key });
  return found.image.status === 'unusable' || isOf(found, key) ? found : undefined;
}

function isOf({ image }: Resolution, key: string): boolean {
  return image.status === 'resolved' && image.digest === key;
}
