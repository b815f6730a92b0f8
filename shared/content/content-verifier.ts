import type { ContentRule, Taken } from '#shared/core/content.ts';
import type { UnusableReason, Verdict } from '#shared/core/verdict.ts';
import type { Verifier } from '#shared/trust/verifier.ts';
import type { Content, ContentReader, Unusable } from './read-content.ts';

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
 * A verifier for which a digest is `verified` only when its layers can be used as well, so that no approval can pass the
 * content by. What is unusable is that, signed or not; else the signatures decide. Neither reading needs the other, so
 * both begin at once (docs/adr/0045); which of two answers or failures counts does not depend on which comes first.
 *
 * @example
 * const verifier = createContentVerifier({ verifier: signatures, content, ruleOf, now });
 */
export function createContentVerifier(deps: ContentVerifierDeps): Verifier {
  return {
    async verify(subject, policy, options = {}) {
      const { repository, digest } = subject;
      const rule = deps.ruleOf(repository);
      const image = { repository, digest };
      const search = new AbortController();
      const judge = (): Promise<Verdict> =>
        deps.verifier.verify(subject, policy, { ...options, signal: search.signal });
      const known = deps.content.recall(image, rule);
      const signatures = known === undefined ? judge() : undefined;
      // What it throws counts where the content is good, and is dropped elsewhere.
      signatures?.catch(() => undefined);
      let problem: Unusable | undefined;
      try {
        const content = known ?? (await deps.content.read(image, rule));
        problem = problemWith(content, options.taken, rule);
      } catch (error) {
        search.abort();
        throw error;
      }
      if (problem === undefined) return signatures ?? judge();
      // Else it would go on behind the caller's back, past the bound on how many look at once.
      search.abort();
      // What a digest contains never changes: it is as good as read now.
      return { ...problem, readAt: new Date(deps.now()).toISOString() };
    },
  };
}

/** Why what an RSync takes from an image that was read cannot be used; undefined: it can. */
export function problemWith(
  content: Content,
  taken: Taken | undefined,
  { empty }: Pick<ContentRule, 'empty'>,
): Unusable | undefined {
  if (content.status === 'unusable') return content;
  const { facts } = content;
  if (taken && taken.type !== facts.type) return unusable('not-an-image', MIXED[facts.type]);
  const dir = taken?.type === 'oci' ? taken.dir : '.';
  const found = facts.under(dir);
  if (found === 'outside') {
    return unusable('unsafe-entry', `spec.oci.dir ${JSON.stringify(dir)} leads out of the image`);
  }
  if (found === 'something') return undefined;
  if (facts.type === 'helm') {
    const problem = 'The chart has no Chart.yaml in its folder: Helm cannot load it';
    return unusable('empty-source', problem);
  }
  if (empty === 'allow') return undefined;
  const where = dir === '.' ? 'The image' : `Folder ${JSON.stringify(dir)} of the image`;
  return unusable('empty-source', `${where} ${NOTHING}`);
}

const NOTHING =
  'has no .yaml, .yml or .json file with anything in it: Config Sync would delete all that it applied before. If that is meant, set content.empty: allow on its entry of "images"';

const MIXED = {
  oci: 'It is no Helm chart, and Helm is to pull it',
  helm: 'It is a Helm chart: sync it with sourceType helm',
} as const;

function unusable(reason: UnusableReason, message: string): Unusable {
  return { status: 'unusable', reason, message };
}
