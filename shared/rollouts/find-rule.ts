import type { ImageRules } from '#shared/config/image-rules.ts';
import { tryReference } from '#shared/core/reference.ts';
import type { Strategy } from '#shared/core/rollout/strategy.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import type { Staging } from '#shared/reconcile/deps.ts';

/** What the config has for an image; both absent where no entry names it. */
export interface Found {
  readonly rule?: ImageRule;
  /** Absent: it goes everywhere at once, or is named by its digest, so that there is nothing to be rolled out. */
  readonly strategy?: Strategy;
}

/**
 * Finds what the config has for images by their references, once for each: fleets name the same few thousands of times.
 *
 * @example
 * const { rule, strategy } = createFindRule(rules, staging)(row.image);
 */
export function createFindRule(
  rules: Pick<ImageRules, 'match'>,
  { strategies }: Pick<Staging, 'strategies'>,
): (image: string) => Found {
  const known = new Map<string, Found>();

  function find(image: string): Found {
    const reference = tryReference(image);
    const rule = reference && rules.match(reference.repository);
    if (rule === undefined) return {};
    const strategy = reference?.digest === undefined ? strategies.of(rule) : undefined;
    return strategy === undefined ? { rule } : { rule, strategy };
  }

  return (image) => {
    const found = known.get(image) ?? find(image);
    known.set(image, found);
    return found;
  };
}
