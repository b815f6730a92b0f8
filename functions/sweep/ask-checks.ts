import type { AskCheck } from '#shared/evidence/ask-check.ts';
import type { ImageDeps } from '#shared/reconcile/deps.ts';
import type { AskChecks } from '#shared/rollouts/step.ts';

/** Of one sweep, over all roll-outs: what is left is asked by the next one, which begins elsewhere. */
const ALL_MS = 30_000;
const MAX_ASKED = 400;

/** Between two looks at the checks of a stage. Sweeps look each minute; that they do not is alerted after half of it. */
const MAX_GAP_MS = 10 * 60_000;

/**
 * Asks the checks of stages for one sweep, those of a stage at once, as far as its time and number of questions go. What
 * they came to is noted, for people and for the next look: without the note before, the time of the checks begins anew.
 *
 * @example
 * const askChecks = createAskChecks({ ask, store, now, log });
 */
export function createAskChecks({
  ask,
  store,
  now,
  log,
}: Pick<ImageDeps, 'store' | 'now' | 'log'> & { readonly ask: AskCheck }): AskChecks {
  let spentMs = 0;
  let asked = 0;
  return async ({ image, id, digest, stage }, checks) => {
    if (spentMs >= ALL_MS || asked + checks.length > MAX_ASKED) {
      log.warn({ image, stage }, 'Checks of a stage are left to the next sweep');
      return undefined;
    }
    asked += checks.length;
    const began = now().getTime();
    const findings = await Promise.all(checks.map((check) => ask(check, { digest, stage })));
    const at = now();
    spentMs += Math.max(0, at.getTime() - began);
    for (const { name: check, problem } of findings.filter(isUnknown)) {
      log.warn({ image, stage, check, problem }, 'Check of a stage has no answer');
    }
    const evidence = { id, stage, findings };
    try {
      const last = await store.readNote('evidence', image);
      await store.writeNote('evidence', image, { ...evidence, at: at.toISOString() });
      const isNext = last?.id === id && last.stage === stage;
      if (isNext && at.getTime() - Date.parse(last.at) <= MAX_GAP_MS) return evidence;
    } catch (error) {
      log.warn({ image, error }, 'What checks came to could not be noted');
    }
    return { ...evidence, gap: true };
  };
}

function isUnknown({ outcome }: { readonly outcome: string }): boolean {
  return outcome === 'unknown';
}
