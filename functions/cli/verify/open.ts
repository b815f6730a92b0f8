import { readCommandBase } from '#functions/wiring/base.ts';
import { openImages, openRegistries } from '#functions/wiring/images.ts';
import { resolveImage } from '#shared/registry/resolve.ts';
import type { ImageJudge } from './image-judge.ts';

/**
 * The judge of images that the config asks for. Throws `bad-config`.
 *
 * @example
 * const judge = await openJudge('countersign.yaml');
 */
export async function openJudge(configPath: string): Promise<ImageJudge> {
  const base = await readCommandBase('verify', configPath);
  const { cached } = openRegistries(base);
  const { rules, policies, verifier } = openImages(base, cached);
  return {
    policyOf: (repository) => policies.get(rules.match(repository)?.trust ?? ''),
    resolve: (reference) => resolveImage(cached, reference, { fresh: true, now: base.now }),
    verifier,
  };
}
