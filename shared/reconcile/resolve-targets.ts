import { isExactVersion } from '#shared/core/approval-key.ts';
import { needsFreshResolution } from '#shared/core/decision-input.ts';
import { type Reference, formatReference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { Target } from '#shared/core/target.ts';
import { streamOf } from '#shared/core/track/stream.ts';
import type { BurstResolver } from '#shared/registry/burst.ts';
import type { FollowedRSync } from './follow.ts';

type Followable = Target & { readonly status: 'follow' };
type Resolve = (reference: Reference) => Promise<Resolution>;

/** What a target is in the registry; undefined where there is nothing to resolve. Throws what the registry throws. */
export type ResolveEntry = (entry: FollowedRSync) => Promise<Resolution | undefined>;

/**
 * The targets of one look at a cluster. To be made after the list: what is resolved is then not older than what was
 * listed. `of` asks for each distinct target once, and again where an approval in place may be newer than that;
 * `afresh` asks now, past every cache.
 *
 * @example
 * const resolution = await createTargets(deps.resolver, notBefore).of(entry);
 */
export function createTargets(
  resolver: BurstResolver,
  notBefore: Date,
): Record<'of' | 'afresh', ResolveEntry> {
  const shared = new Map<string, Promise<Resolution>>();
  const fresh = new Map<string, Promise<Resolution>>();
  const resolveShared: Resolve = (reference) => resolver.resolve(reference, notBefore);
  const resolveFresh: Resolve = (reference) => resolver.fresh(reference);

  function once(
    asked: Map<string, Promise<Resolution>>,
    target: Followable,
    resolve: Resolve,
  ): Promise<Resolution> {
    const name = nameOfTarget(target) ?? '';
    const known = asked.get(name) ?? resolveTarget(target, resolve);
    asked.set(name, known);
    return known;
  }

  return {
    async of({ rsync, target }) {
      if (target.status !== 'follow') return undefined;
      const found = await once(shared, target, resolveShared);
      return needsFreshResolution(rsync, found) ? once(fresh, target, resolveFresh) : found;
    },
    async afresh({ target }) {
      return target.status === 'follow' ? resolveTarget(target, resolveFresh) : undefined;
    },
  };
}

async function resolveTarget(
  { reference, chart = false }: Followable,
  resolve: Resolve,
): Promise<Resolution> {
  return chart ? resolveChart(reference, resolve) : resolve(reference);
}

/** The name of a target; a chart's tag and an image's of the same name are two questions. */
export function nameOfTarget(target: Target): string | undefined {
  if (target.status === 'track') return `${target.kind} ${streamOf(target.reference.repository)}`;
  if (target.status !== 'follow') return undefined;
  const { reference, chart = false } = target;
  return `${chart ? 'chart ' : ''}${formatReference(reference)}`;
}

/**
 * What a tag of a chart stands for: the digest, and the version that its manifest says it is. Helm pulls by version,
 * so that only a version whose own tag names the same digest will do: what was verified is then what is pulled, as
 * long as the registry keeps its tags. Throws what `resolve` throws.
 */
export async function resolveChart(reference: Reference, resolve: Resolve): Promise<Resolution> {
  const tracked = await resolve(reference);
  const { image } = tracked;
  if (image.status !== 'resolved') return tracked;
  const { digest, version } = image;
  const name = formatReference(reference);
  if (version === undefined || !isExactVersion(version)) {
    const said = version === undefined ? 'none' : JSON.stringify(version);
    const message = `${name} does not say which chart version it is: annotation org.opencontainers.image.version is ${said}`;
    return { ...tracked, image: { status: 'unusable', reason: 'version-unknown', message } };
  }
  // A tag has no "+": Helm pushes and pulls a version's build part behind "_".
  const named = await resolve({ ...reference, tag: version.replaceAll('+', '_') });
  if (named.image.status === 'resolved' && named.image.digest === digest) return tracked;
  const message = `${name} says it is version ${version}, and the tag of that version is not ${digest}`;
  return { ...tracked, image: { status: 'unusable', reason: 'version-mismatch', message } };
}
