import { cutText } from '#shared/core/foreign-text.ts';
import { isExactVersion } from '#shared/core/approval-key.ts';
import { type Digest, digestOfCommit } from '#shared/core/digest.ts';
import { parseImageToSync } from '#shared/core/annotations.ts';
import type { Reference } from '#shared/core/reference.ts';
import type { Source } from '#shared/core/rsync.ts';
import { type Decision, refuse } from './decision.ts';
import { MAX_SHOWN } from './limits.ts';

/** What an RSync announces, bound to its own spec. */
export type Announced =
  | {
      readonly type: 'image';
      /** As `spec.oci.image` names it. */
      readonly reference: Reference;
      readonly digest: Digest;
    }
  | {
      readonly type: 'chart';
      /** Its tag is the version that is announced. */
      readonly reference: Reference;
      readonly version: string;
    };

type Followable = Source & { readonly type: 'oci' | 'helm' };

/**
 * Reads the value from the right (`x@sha256:a@sha256:a` is how a pinned image is announced, and a chart's version
 * stands where a digest would) and binds it to the spec: what stands before must be the image or the chart repository
 * to the letter, as Config Sync writes it (docs/facts/config-sync.md#image-to-sync).
 */
export function bindToSpec(value: string, source: Followable): Announced | Decision {
  const read = parseImageToSync(value);
  if (read === undefined) return notOfSpec(value, 'names neither a digest nor a chart version');
  const { commit } = read;
  if (source.type === 'oci') {
    if (read.source !== source.image) return notOfSpec(value, 'is not of spec.oci.image');
    const digest = digestOfCommit(commit);
    if (digest === undefined) return notOfSpec(value, 'has no digest at its end');
    return { type: 'image', reference: source.reference, digest };
  }
  if (read.source !== source.repo) return notOfSpec(value, 'is not of spec.helm.repo');
  const { version, chart, reference } = source;
  if (version !== undefined && isExactVersion(version) && version !== commit) {
    return notOfSpec(value, `is not of spec.helm.version`);
  }
  if (!isExactVersion(commit)) {
    return refuse(
      'unusable',
      `chart ${quote(chart)} is announced with version ${quote(commit)}, which can come to mean another: set spec.helm.version to one exact version`,
    );
  }
  // A tag has no "+": Helm pushes and pulls a version's build part behind "_".
  const tag = commit.replaceAll('+', '_');
  return { type: 'chart', version: commit, reference: { ...reference, tag } };
}

/** What was announced, as denials name it. */
export function nameOf(announced: Announced): string {
  const { repository, tag } = announced.reference;
  return announced.type === 'image' ? `${repository}@${announced.digest}` : `${repository}:${tag}`;
}

/** A tenant's text, in quotes and not for ever. */
export function quote(text: string): string {
  return JSON.stringify(text.length > MAX_SHOWN ? `${cutText(text, MAX_SHOWN)}…` : text);
}

function notOfSpec(value: string, problem: string): Decision {
  return refuse(
    'not-of-spec',
    `image-to-sync ${quote(value)} ${problem}: only what the object's own spec names may be announced`,
  );
}
