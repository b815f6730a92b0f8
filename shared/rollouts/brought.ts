import { isExactVersion } from '#shared/core/approval-key.ts';
import { defined } from '#shared/core/defined.ts';
import { isDigest } from '#shared/core/digest.ts';
import type { Reference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { Arrival } from '#shared/core/rollout/record.ts';
import { resolveChart } from '#shared/reconcile/resolve-targets.ts';
import type { SyncRow } from '#shared/store/store.ts';

/** What a tag came to name, verified: an arrival without the id of the roll-out that it may become. */
export type Brought = Omit<Arrival, 'id'>;

/** How the followers of an image take it: as a chart, by version, or by digest. */
export type Kind = 'chart' | 'image';

/**
 * The kind of an image by what is known of its followers; undefined where none of them says.
 *
 * @example
 * followedAs(rows.filter((row) => imageOf(row) === image))
 */
export function followedAs(rows: readonly SyncRow[]): Kind | undefined {
  const [tracked] = rows.flatMap((row) => row.tracked ?? []);
  if (tracked !== undefined) return tracked.kind;
  const keys = rows.flatMap(({ approved, live, staged }) =>
    [...approved, live, staged?.target, staged?.digest].filter((key) => key !== undefined),
  );
  if (keys.length === 0) return undefined;
  return keys.every(isDigest) ? 'image' : 'chart';
}

/**
 * What a verified resolution brings; undefined where a chart's tag has no version that could be pulled. `resolve` is
 * asked for the tag of a chart's version. Throws what that throws.
 *
 * @example
 * const brought = await broughtBy('push', { reference, resolution, kind }, (named) => resolver.resolve(named, notBefore));
 */
export async function broughtBy(
  by: string,
  found: {
    readonly reference: Reference;
    readonly resolution: Resolution;
    readonly kind: Kind | undefined;
  },
  resolve: (reference: Reference) => Promise<Resolution>,
): Promise<Brought | undefined> {
  const { reference, resolution } = found;
  const { image, resolvedAt } = resolution;
  if (image.status !== 'resolved') return undefined;
  const kind = found.kind ?? (image.version === undefined ? 'image' : 'chart');
  const { digest, index } = image;
  if (kind === 'image') return defined({ digest, index, resolvedAt, by });
  const version = await versionOf(reference, image.version, resolve);
  if (version === undefined) return undefined;
  return { digest: `${reference.repository}:${version}`, resolvedAt, by };
}

/** The version that Helm pulls: what the tag is itself, or what the chart behind a tracked tag says it is. */
async function versionOf(
  reference: Reference,
  said: string | undefined,
  resolve: (reference: Reference) => Promise<Resolution>,
): Promise<string | undefined> {
  // A tag has no "+": Helm pushes and pulls a version's build part behind "_".
  const own = (reference.tag ?? '').replaceAll('_', '+');
  if (isExactVersion(own)) return said ?? own;
  const { image } = await resolveChart(reference, resolve);
  return image.status === 'resolved' ? image.version : undefined;
}
