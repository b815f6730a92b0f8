import type { ImageRules } from '#shared/config/image-rules.ts';
import { defined } from '#shared/core/defined.ts';
import { tryReference } from '#shared/core/reference.ts';
import type { Freezing } from '#shared/core/rollout/freezes.ts';
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
 * Strategies have the freezes of people that are about the image, where those are given.
 *
 * @example
 * const { rule, strategy } = createFindRule(rules, staging, await readFreezing(staging, deps))(row.image);
 */
export function createFindRule(
  rules: Pick<ImageRules, 'match'>,
  { strategies }: Pick<Staging, 'strategies'>,
  freezing?: Pick<Freezing, 'with'>,
): (image: string) => Found {
  const known = new Map<string, Found>();

  function find(image: string): Found {
    const reference = tryReference(image);
    if (reference === undefined) return { isTagged: false };
    const rule = rules.match(reference.repository);
    const isTagged = reference.digest === undefined;
    const { repository } = reference;
    const configured = rule && strategies.of(rule);
    const strategy = configured && (freezing?.with(configured, reference) ?? configured);
    return defined({ repository, rule, strategy, isTagged });
  }

  return (image) => {
    const found = known.get(image) ?? find(image);
    known.set(image, found);
    return found;
  };
}
