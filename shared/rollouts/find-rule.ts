import type { ImageRules } from '#shared/config/image-rules.ts';
import { defined } from '#shared/core/defined.ts';
import { tryReference } from '#shared/core/reference.ts';
import type { Strategy } from '#shared/core/rollout/strategy.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import type { Staging } from '#shared/reconcile/deps.ts';

/** What the config has for an image; no rule where no entry names it. */
export interface Found {
  /** `host/path`; absent: it is no reference. */
  readonly repository?: string;
  readonly rule?: ImageRule;
  /** Absent: it goes everywhere at once. */
  readonly strategy?: Strategy;
  /** It is named by its tag alone: only such an image has a record. */
  readonly isTagged: boolean;
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
    if (reference === undefined) return { isTagged: false };
    const rule = rules.match(reference.repository);
    const isTagged = reference.digest === undefined;
    const { repository } = reference;
    return defined({ repository, rule, strategy: rule && strategies.of(rule), isTagged });
  }

  return (image) => {
    const found = known.get(image) ?? find(image);
    known.set(image, found);
    return found;
  };
}
