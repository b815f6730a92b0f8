import { matchesSelector, parseSelector, type Selector } from '#shared/core/label-selector.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { matchImage } from './match-image.ts';

/** The config's `images`, ready to be asked. */
export interface ImageRules {
  /** The first rule whose glob matches `host/path`; undefined: the config does not name it. */
  match(repository: string): ImageRule | undefined;
  /** Whether a cluster with these labels follows the images of `rule`. */
  selects(rule: ImageRule, labels: Readonly<Record<string, string>>): boolean;
}

/** Reads the selectors of the rules once. Throws `bad-config`, which a loaded config has ruled out. */
export function createImageRules(rules: readonly ImageRule[]): ImageRules {
  const selectors = new Map<ImageRule, Selector>(
    rules.map((rule) => [rule, parseSelector(rule.clusters ?? '')]),
  );
  return {
    match: (repository) => matchImage(rules, repository),
    selects: (rule, labels) =>
      matchesSelector(selectors.get(rule) ?? parseSelector(rule.clusters ?? ''), labels),
  };
}
