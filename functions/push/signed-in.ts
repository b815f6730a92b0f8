import type { Config } from '#shared/config/config.ts';
import type { ImageRule } from '#shared/core/rule.ts';

/**
 * Finds the entries of the config whose signatures are kept in a repository: those of their own policy, or of one that
 * a stage asks for.
 *
 * @example
 * const rules = createSignedIn(config)('us-docker.pkg.dev/acme/signatures');
 */
export function createSignedIn({
  images,
  trust,
  rollouts,
}: Pick<Config, 'images' | 'trust' | 'rollouts'>): (repository: string) => readonly ImageRule[] {
  function placesOf({ trust: own, rollout = '' }: ImageRule): readonly (string | undefined)[] {
    const stages = rollouts.strategies[rollout]?.stages ?? [];
    const names = [own, ...stages.flatMap(({ signedBy }) => signedBy ?? [])];
    return names.map((name) => trust[name]?.signatureRepository);
  }

  return (repository) => images.filter((rule) => placesOf(rule).includes(repository));
}
