import type { AdmissionConfig, Config } from '#shared/config/config.ts';
import type { ImageRules } from '#shared/config/image-rules.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import type { Log } from '#shared/http/log.ts';
import { createLanes } from '#shared/http/shed-load.ts';
import { within } from '#shared/http/within.ts';
import type { BurstResolver } from '#shared/registry/burst.ts';
import type { Verifier } from '#shared/trust/verifier.ts';
import { createAsk } from './ask.ts';
import { nameOf } from './bind.ts';
import type { Engine } from './create-admission.ts';
import { findVerdict } from './find-verdict.ts';
import { createGoodVerdicts } from './good-verdicts.ts';
import { LOOKS_PER_HOST, LOOKS_WAITING_PER_HOST, LOOK_LIMIT_MS } from './limits.ts';

export interface EngineDeps {
  readonly settings: AdmissionConfig;
  readonly unmatched: Config['unmatched'];
  readonly rules: Pick<ImageRules, 'match'>;
  readonly policies: ReadonlyMap<string, TrustPolicy>;
  readonly verifier: Verifier;
  readonly resolver: Pick<BurstResolver, 'resolve'>;
  readonly checkReviewer: Engine['checkReviewer'];
  readonly log: Log;
  readonly now: () => Date;
}

/** Everything that reviews are judged with, with its memory still empty. */
export function createEngine(deps: EngineDeps): Engine {
  const { settings, unmatched, rules, policies, checkReviewer, log, now } = deps;
  const ask = createAsk({
    find: (question) => within(LOOK_LIMIT_MS, findVerdict(question, deps)),
    good: createGoodVerdicts({ staleForMs: settings.staleForMs, now }),
    lanes: createLanes({ perKey: LOOKS_PER_HOST, waiting: LOOKS_WAITING_PER_HOST }),
    now,
    onFailure({ announced }, error) {
      log.warn({ error, image: nameOf(announced) }, 'Image could not be checked');
    },
  });
  const { mode, unchanged, deadlineMs } = settings;
  return { rules, policies, unmatched, unchanged, mode, deadlineMs, checkReviewer, ask };
}
