import { rolloutsSchema } from '#shared/config/schema-rollouts.ts';
import { type Strategies, createStrategies } from '#shared/config/strategies.ts';
import type { Plan } from '../world.ts';
import { LEAD, type StrategyFacts } from './staged-plan.ts';

/** More than all images together have under way at once. */
const CLUSTERS_AT_ONCE = 100;
const PROGRESS_DEADLINE = '8m';

/** The strategies of a plan as the config would have them, read as the config is. */
export function strategiesOf({ rules, strategies = [] }: Plan): Strategies {
  const rollouts = rolloutsSchema.parse({
    clustersAtOnce: CLUSTERS_AT_ONCE,
    strategies: Object.fromEntries(strategies.map((facts) => [facts.name, configOf(facts)])),
  });
  return createStrategies({ rollouts, images: [...rules], access: {} });
}

function configOf({ stages, onNewer, onFailure }: StrategyFacts): object {
  const share = (of: number): string => `${of * 100}%`;
  return {
    progressDeadline: PROGRESS_DEADLINE,
    onNewer,
    onFailure,
    stages: stages.map(({ name, soakMs, maxFailures, maxUnreachable, approval }, index) => ({
      name,
      ...(index < stages.length - 1 && { clusters: `ring = ${name}` }),
      ...(index > 0 && { orderBy: 'order' }),
      maxConcurrency: index === 0 ? '100%' : '50%',
      maxFailures: share(maxFailures),
      maxUnreachable: share(maxUnreachable),
      soak: `${soakMs / 1000}s`,
      ...(approval === true && { approval: { approvers: [LEAD] } }),
    })),
  };
}
