import picomatch from 'picomatch';
import type { ImageRule } from '#shared/core/rule.ts';
import { createSelector } from './label-selector.ts';

/** The config's `images`, ready to be asked. */
export interface ImageRules {
  /** The first rule whose glob matches `host/path`, case-sensitive and whole; undefined: the config does not name it. */
  match(repository: string): ImageRule | undefined;
  /** Whether a cluster with these labels follows the images of `rule`. */
  selects(rule: ImageRule, labels: Readonly<Record<string, string>>): boolean;
}

/**
 * `match` holds only what parseImageGlob let through. The options keep picomatch to `*` and `**`: dots are ordinary,
 * `a/**` does not match `a`, and the brackets of an IPv6 host are no character class.
 */
const OPTIONS: picomatch.PicomatchOptions = {
  dot: true,
  nobrace: true,
  nobracket: true,
  noext: true,
  nonegate: true,
  strictSlashes: true,
};

/**
 * Reads the globs and selectors of the rules once. Throws `bad-config`, which a loaded config has ruled out.
 *
 * @example
 * const rule = createImageRules(config.images).match('us-docker.pkg.dev/acme/configs/platform');
 */
export function createImageRules(rules: readonly ImageRule[]): ImageRules {
  const globs = rules.map((rule) => picomatch(rule.match, OPTIONS));
  const selectors = new Map(rules.map((rule) => [rule, createSelector(rule.clusters)]));
  return {
    match: (repository) => rules.find((_, at) => globs[at]?.(repository)),
    selects: (rule, labels) => (selectors.get(rule) ?? createSelector(rule.clusters))(labels),
  };
}
