import type { Admit, Denial } from '../kube/admission.ts';
import type { GateConfig } from './config.ts';
import { judgeImage } from './judge-image.ts';
import { judgeKeys } from './judge-keys.ts';
import { judgeLeash } from './judge-leash.ts';
import { type Review, readReview } from './review.ts';
import { createScope } from './scope.ts';

const POLICY = 'countersign-gate';

/**
 * The gate of DESIGN section 6 as an admission plugin for the embedded kube-api, which cannot run
 * CEL. One table of cases (test/fixtures/gate-cases.ts) holds it and the real policy together.
 */
export function createGate(config: GateConfig): Admit {
  const { judges, pins } = createScope(config);
  return (request) => {
    const review = readReview(request);
    if (review === undefined) return undefined;
    const message =
      judgeKeys(review, config) ??
      judgeLeash(review, config, pins(review.source)) ??
      (judges(review.source) ? judgeImage(review) : undefined);
    return message === undefined ? undefined : refuse(request.plural, review, message);
  };
}

/** Worded as the API server words a ValidatingAdmissionPolicy's denial. */
function refuse(plural: string, { name }: Review, why: string): Denial {
  const denial = `ValidatingAdmissionPolicy '${POLICY}' with binding '${POLICY}' denied request: ${why}`;
  const message = `${plural}.configsync.gke.io "${name}" is forbidden: ${denial}`;
  // `Invalid` shows in Config Sync as KNV2002; `Forbidden` would as KNV2013 (facts/gate.md).
  return { code: 422, reason: 'Invalid', message, causes: [{ message: denial }] };
}
