import type { Config } from '#shared/config/config.ts';
import { matchImage } from '#shared/config/match-image.ts';
import { type Selector, matchesSelector, parseSelector } from '#shared/core/label-selector.ts';
import type { Rules } from '#shared/reconcile/deps.ts';

/** The config's `images`, asked one repository or cluster at a time. */
export function openRules({ images }: Config): Rules {
  const selectors = new Map<string, Selector>();
  return {
    match: (repository) => matchImage(images, repository),
    selects({ clusters }, labels) {
      if (clusters === undefined) return true;
      const selector = selectors.get(clusters) ?? parseSelector(clusters);
      selectors.set(clusters, selector);
      return matchesSelector(selector, labels);
    },
  };
}
