import { isExactVersion } from '#shared/core/approval-key.ts';
import { type Reference, formatReference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { UnusableReason } from '#shared/core/verdict.ts';

/**
 * What a tag of a chart stands for: the digest, and the version that its manifest says it is. Helm pulls by version,
 * so that only a version whose own tag names the same digest will do: what was verified is then what is pulled, as
 * long as the registry keeps its tags. Throws what `resolve` throws.
 */
export async function resolveChart(
  reference: Reference,
  resolve: (reference: Reference) => Promise<Resolution>,
): Promise<Resolution> {
  const tracked = await resolve(reference);
  const { image } = tracked;
  if (image.status !== 'resolved') return tracked;
  const { digest, version } = image;
  const name = formatReference(reference);
  if (version === undefined || !isExactVersion(version)) {
    const said = version === undefined ? 'none' : JSON.stringify(version);
    return unusable(
      tracked,
      'version-unknown',
      `${name} does not say which chart version it is: annotation org.opencontainers.image.version is ${said}`,
    );
  }
  // A tag has no "+": Helm pushes and pulls a version's build part behind "_".
  const named = await resolve({ ...reference, tag: version.replaceAll('+', '_') });
  if (named.image.status === 'resolved' && named.image.digest === digest) return tracked;
  return unusable(
    tracked,
    'version-mismatch',
    `${name} says it is version ${version}, and the tag of that version is not ${digest}`,
  );
}

function unusable(tracked: Resolution, reason: UnusableReason, message: string): Resolution {
  return { ...tracked, image: { status: 'unusable', reason, message } };
}
