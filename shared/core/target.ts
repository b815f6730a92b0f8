import { approvalKey } from './approval-key.ts';
import { type Reference, parseReference } from './reference.ts';
import type { Source } from './rsync.ts';
import type { ImageRule } from './rule.ts';
import type { Verdict } from './verdict.ts';

export type Target =
  | { readonly status: 'follow'; readonly reference: Reference }
  | (Verdict & { readonly status: 'unusable' });

/**
 * The reference that an RSync is to be on: the tag or digest its spec names, or under `pin` the tag that is tracked.
 * A chart without a static version has no target: nobody can say what Helm will take next.
 */
export function targetOf(source: Source, rule: ImageRule): Target | undefined {
  switch (source.type) {
    case 'other':
      return undefined;
    case 'invalid':
      return { status: 'unusable', reason: 'bad-reference', message: source.problem };
    case 'helm':
      if (approvalKey(source, source.version ?? '') !== undefined) {
        return { status: 'follow', reference: source.reference };
      }
      return {
        status: 'unusable',
        reason: 'version-not-static',
        message: `spec.helm.version of ${source.chart} must be one exact version, not ${JSON.stringify(source.version ?? 'latest')}`,
      };
    case 'oci': {
      // A pinned image keeps the tag it had beside the digest: `x:v1@sha256:…`.
      const tracked = rule.effect === 'pin' ? (rule.track ?? source.reference.tag) : undefined;
      if (tracked === undefined) return { status: 'follow', reference: source.reference };
      const { repository } = source.reference;
      return { status: 'follow', reference: parseReference(`${repository}:${tracked}`) };
    }
  }
}
