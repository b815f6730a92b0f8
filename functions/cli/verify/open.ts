import { readCommandBase } from '#functions/wiring/base.ts';
import { openImages, openListed, openRegistries } from '#functions/wiring/images.ts';
import { parseReference } from '#shared/core/reference.ts';
import { nameVersion } from '#shared/reconcile/name-version.ts';
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
  const { plain, cached } = openRegistries(base);
  const images = openImages(base, cached);
  const { rules, policies, verifier } = images;
  const naming = { ...images, listed: openListed(base, plain), now: base.now };
  return {
    policyOf: (repository) => policies.get(rules.match(repository)?.trust ?? ''),
    resolve: (reference) => resolveImage(cached, reference, { fresh: true, now: base.now }),
    async name(image) {
      const reference = parseReference(image);
      const rule = rules.match(reference.repository);
      return rule === undefined ? { reference, passedOver: [] } : nameVersion(image, rule, naming);
    },
    verifier,
  };
}
