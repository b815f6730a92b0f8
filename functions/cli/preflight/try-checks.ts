import { bulkhead } from 'cockatiel';
import type { Config } from '#shared/config/config.ts';
import { defined } from '#shared/core/defined.ts';
import { placeholdersIn, type CheckOutcome } from '#shared/core/rollout/checks.ts';
import type { AskCheck } from '#shared/evidence/ask-check.ts';
import { EMPTY } from '#shared/evidence/read-number.ts';

/** What one check answers today, for a digest that there is not. */
export interface TriedCheck {
  readonly strategy: string;
  readonly stage: string;
  readonly check: string;
  readonly outcome: CheckOutcome;
  readonly value?: string;
  readonly problem?: string;
  /** It can be asked: it has an answer, or would have one of a digest that runs. */
  readonly isAsked: boolean;
}

/** Questions at once. */
const AT_ONCE = 8;

/** No image has it. */
const NO_DIGEST = `sha256:${'0'.repeat(64)}`;

/**
 * Asks each check of the config once: what cannot be asked is found before a roll-out waits for it.
 *
 * @example
 * const tried = await tryChecks(config.rollouts.strategies, openChecks(base));
 */
export async function tryChecks(
  strategies: Config['rollouts']['strategies'],
  ask: AskCheck,
): Promise<readonly TriedCheck[]> {
  const places = bulkhead(AT_ONCE, Infinity);
  const all = Object.entries(strategies).flatMap(([strategy, { stages }]) =>
    stages.flatMap(({ name: stage, checks = [] }) =>
      checks.map((check) => ({ strategy, stage, check })),
    ),
  );
  return Promise.all(
    all.map(({ strategy, stage, check }) =>
      places.execute(async (): Promise<TriedCheck> => {
        const asked = { failAfterMs: 0, ...check };
        const found = await ask(asked, { digest: NO_DIGEST, stage });
        const { outcome, value, problem } = found;
        const needsDigest = textOf(check.ask).some((text) =>
          placeholdersIn(text).includes('digest'),
        );
        const isAsked = outcome !== 'unknown' || (needsDigest && problem === EMPTY);
        return defined({ strategy, stage, check: check.name, outcome, value, problem, isAsked });
      }),
    ),
  );
}

function textOf(question: Parameters<AskCheck>[0]['ask']): readonly string[] {
  return question.type === 'http' ? [question.url] : [question.query];
}
