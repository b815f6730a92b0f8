import { defined } from '#shared/core/defined.ts';
import { isDigest } from '#shared/core/digest.ts';
import { tryReference } from '#shared/core/reference.ts';
import { shellWord } from '#shared/core/shell-word.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { DigestOverTime } from './digests-over-time.ts';

/** How an image goes back. */
export interface WayBack {
  readonly digest?: string;
  /** What is rolled back. */
  readonly rollout?: string;
  /** Of an image without stages. */
  readonly command?: string;
}

/** In stages what was completed last; without them what verified before what the tag names now. */
export function wayBackOf(
  image: string,
  {
    record,
    digest,
    digests,
  }: {
    readonly record: RolloutRecord | undefined;
    /** What its tag names. */
    readonly digest: string | undefined;
    readonly digests: readonly DigestOverTime[];
  },
): WayBack | undefined {
  if (record !== undefined) return defined({ digest: record.previous, rollout: record.id });
  const before = digests.find((one) => one.verdict === 'verified' && one.digest !== digest);
  const { repository, tag } = tryReference(image) ?? {};
  if (before === undefined || tag === undefined || !isDigest(before.digest)) return undefined;
  const command = `crane tag ${shellWord(`${repository}@${before.digest}`)} ${shellWord(tag)}`;
  return { digest: before.digest, command };
}
