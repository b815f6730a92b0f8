import { APPROVED, BREAK_GLASS, type GateConfig, OWN_PREFIX, RECEIPT } from './config.ts';
import { isTouched, type Review } from './review.ts';

/** DESIGN section 6 (b): who may add, change or remove what under `countersign.dev/`. */
export function judgeKeys(review: Review, config: GateConfig): string | undefined {
  const keys = [...Object.keys(review.annotations), ...Object.keys(review.oldAnnotations)];
  const touched = keys.filter((key) => key.startsWith(OWN_PREFIX) && isTouched(review, key));
  for (const key of touched.toSorted()) {
    if (key === APPROVED || key === RECEIPT) {
      if (review.user === config.identity) continue;
      return `only ${config.identity} may change ${key}; ask Countersign to verify the image`;
    }
    if (key === BREAK_GLASS) {
      if (config.breakGlass.includes(review.user)) continue;
      return `only the users of gate.breakGlass may change ${key}; ask one of them`;
    }
    return `nobody may change ${key}; use another prefix than ${OWN_PREFIX}`;
  }
  return undefined;
}
