import type { Source } from './rsync.ts';
import type { ImageRule } from './rule.ts';

/**
 * Why an RSync is not followed, in one sentence for people, and what the gate makes of it. `rule` is the entry of the
 * config that names its image, where there is one: then this cluster is not among its clusters, and nobody approves
 * here what the gate holds.
 */
export function explainIgnored(
  source: Source,
  {
    deleting,
    rule,
    unmatched,
  }: {
    readonly deleting: boolean;
    readonly rule: ImageRule | undefined;
    readonly unmatched: 'deny' | 'ignore';
  },
): string {
  if (deleting) return 'Being deleted';
  switch (source.type) {
    case 'other':
      return 'Not an OCI source';
    case 'invalid':
      return `${source.problem}; the gate refuses what cannot be read`;
    case 'oci':
    case 'helm':
      if (rule !== undefined) {
        return `This cluster does not follow ${rule.match} (${rule.clusters ?? ''}); the gate refuses it`;
      }
      return unmatched === 'deny'
        ? 'No image of the config matches; the gate refuses it (unmatched: deny)'
        : 'No image of the config matches';
  }
}
