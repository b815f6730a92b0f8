import type { ContentRule } from '#shared/core/content.ts';
import type { Verifier } from '#shared/trust/verifier.ts';
import { type ContentReader, problemWith } from './content.ts';

export interface ContentVerifierDeps {
  /** Judges signatures alone. */
  readonly verifier: Verifier;
  readonly content: ContentReader;
  /** The bounds for a repository. */
  readonly ruleOf: (repository: string) => ContentRule;
  /** Milliseconds. */
  readonly now: () => number;
}

/**
 * A verifier for which a digest is `verified` only when its layers can be used as well: whatever approves by a verdict
 * cannot pass the content by. What is unusable is that, signed or not; else the signatures decide.
 *
 * @example
 * const verifier = createContentVerifier({ verifier: signatures, content, ruleOf, now });
 * await verifier.verify({ repository, digest }, policy, { taken: { type: 'oci', dir: 'prod' } });
 */
export function createContentVerifier(deps: ContentVerifierDeps): Verifier {
  return {
    async verify(subject, policy, options = {}) {
      const { repository, digest } = subject;
      const rule = deps.ruleOf(repository);
      const content = await deps.content.read({ repository, digest }, rule);
      const problem = problemWith(content, options.taken, rule);
      // What a digest contains never changes: it is as good as read now.
      if (problem !== undefined) return { ...problem, readAt: new Date(deps.now()).toISOString() };
      return deps.verifier.verify(subject, policy, options);
    },
  };
}
