import type { Config } from '#shared/config/config.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { ImageRule } from '#shared/core/rule.ts';

/** What the gate is rendered from: everything in it becomes a literal of the policy. */
export interface GateInput
  extends NonNullable<Config['gate']>,
    Pick<Config, 'unmatched' | 'otherSources'> {
  /** First match wins, as in the config. */
  readonly images: readonly Pick<ImageRule, 'match' | 'effect' | 'rollback'>[];
}

/** The gate's part of the config. Throws `bad-config` where the config says nothing of a gate. */
export function readGateInput({ gate, images, unmatched, otherSources }: Config): GateInput {
  if (gate !== undefined) return { ...gate, images, unmatched, otherSources };
  throw new CountersignError(
    'bad-config',
    'Config has no gate: add gate.identity, the user name that Countersign has in the clusters',
  );
}
