import type { Source } from './rsync.ts';
import type { ImageRule } from './rule.ts';

export interface Unfollowed {
  /** `Refused`: the gate refuses what it announces, and no signature would help. `Ignored`: none of our business. */
  readonly phase: 'Ignored' | 'Refused';
  readonly message: string;
}

export interface UnfollowedContext {
  /** The entry of the config that names its image, where there is one: then this cluster is not among its clusters. */
  readonly rule: ImageRule | undefined;
  /** What the config says of images that no entry names. */
  readonly unmatched: 'deny' | 'ignore';
  /** What the config says of sources that announce nothing: git, and Helm over http. */
  readonly otherSources: 'deny' | 'ignore';
}

/** Why an RSync is not followed, and what the gate makes of it. */
export function explainUnfollowed(
  source: Source,
  { rule, unmatched, otherSources }: UnfollowedContext,
): Unfollowed {
  const refused = (message: string): Unfollowed => ({ phase: 'Refused', message });
  const ignored = (message: string): Unfollowed => ({ phase: 'Ignored', message });
  switch (source.type) {
    case 'other': {
      if (otherSources === 'ignore') return ignored('Not an OCI source');
      const name = source.sourceType === 'helm' ? 'Helm (http)' : JSON.stringify(source.sourceType);
      return refused(
        `A ${name} source announces nothing that could be verified; the gate refuses it (otherSources: deny): use an OCI image`,
      );
    }
    case 'invalid':
      return refused(`${source.problem}; the gate refuses what cannot be read: correct the spec`);
    case 'oci':
    case 'helm':
      if (rule !== undefined) {
        return refused(
          `This cluster does not follow ${rule.match} (${rule.clusters ?? ''}); the gate refuses it: change clusters of that entry, the labels of the cluster, or the image`,
        );
      }
      return unmatched === 'deny'
        ? refused(
            `No entry of images names ${source.reference.repository}; the gate refuses it (unmatched: deny): add an entry, or correct the spec`,
          )
        : ignored('No entry of images names its image');
  }
}
