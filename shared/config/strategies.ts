import type { ImageRule } from '#shared/core/rule.ts';
import type { Stage, Strategy } from '#shared/core/rollout/strategy.ts';
import { type Window, createWallClock } from '#shared/core/rollout/windows.ts';
import type { Config, StrategyConfig } from './config.ts';
import { createSelector } from '#shared/core/label-selector.ts';

/** The config's strategies, ready to be asked. */
export interface Strategies {
  /** How the images of a rule are rolled out; undefined: at once. */
  of(rule: ImageRule): Strategy | undefined;
}

type StageConfig = StrategyConfig['stages'][number];

/**
 * Reads selectors and time zones of the strategies once. Throws `bad-config`, which a loaded config has ruled out.
 *
 * @example
 * const strategy = createStrategies(config).of(rule);
 */
export function createStrategies({
  rollouts,
  images,
  access,
}: Pick<Config, 'rollouts' | 'images' | 'access'>): Strategies {
  const windows = new Map(
    Object.entries(rollouts.windows).map(([name, { timeZone, weekly }]) => [
      name,
      { clock: createWallClock(timeZone), weekly } satisfies Window,
    ]),
  );
  const freezes = rollouts.freezes.map(({ timeZone, clusters, ...rest }) => ({
    ...rest,
    clock: createWallClock(timeZone),
    selects: createSelector(clusters),
  }));
  const approvers =
    access.api !== undefined && 'approvers' in access.api ? access.api.approvers : [];

  function stageOf(config: StageConfig, deadlineMs: number): Stage {
    const { clusters, approval, windows: name, checks, ...rest } = config;
    const open = name === undefined ? undefined : windows.get(name);
    return {
      ...rest,
      selects: createSelector(clusters),
      ...(approval && { approval: { approvers, ...approval } }),
      ...(open && { windows: [open] }),
      ...(checks && { checks: checks.map((one) => ({ failAfterMs: deadlineMs, ...one })) }),
    };
  }

  function strategyOf({ rollout = '', effect }: ImageRule): Strategy | undefined {
    const config = rollouts.strategies[rollout];
    if (config === undefined) return undefined;
    const [first, ...others] = config.stages.map((one) => stageOf(one, config.progressDeadlineMs));
    if (first === undefined) throw new TypeError('The schema requires a stage');
    const newClusters = config.newClusters ?? (effect === 'pin' ? 'previous' : 'wait');
    const { clustersAtOnce } = rollouts;
    return { ...config, stages: [first, ...others], newClusters, freezes, clustersAtOnce };
  }

  const strategies = new Map(images.map((rule) => [rule, strategyOf(rule)]));
  return { of: (rule) => strategies.get(rule) ?? strategyOf(rule) };
}
