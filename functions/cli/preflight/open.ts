import { readCommandBase } from '#functions/wiring/base.ts';
import { openChecks } from '#functions/wiring/checks.ts';
import { callsPerMinute, openFleets } from '#functions/wiring/fleet.ts';
import { openImages, openListed, openRegistries } from '#functions/wiring/images.ts';
import { createStrategies } from '#shared/config/strategies.ts';
import { createRSyncs } from '#shared/configsync/rsyncs.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { resolveImage } from '#shared/registry/resolve.ts';
import type { OpenedFleet } from './opened-fleet.ts';
import { tryChecks } from './try-checks.ts';

/**
 * The fleet of the config, to be looked through. Throws `bad-config`, also where it says nothing of a gate.
 *
 * @example
 * const { fleet } = await openFleet('countersign.yaml');
 */
export async function openFleet(configPath: string): Promise<OpenedFleet> {
  const base = await readCommandBase('preflight', configPath);
  const { config, log, now } = base;
  const { gate, unmatched, otherSources } = config;
  if (gate === undefined) {
    throw new CountersignError(
      'bad-config',
      'Config has no gate: add gate.identity, the user name that Countersign has in the clusters',
    );
  }
  const { plain, cached } = openRegistries(base);
  const ask = openChecks(base);
  const isStaged = config.images.some(({ rollout }) => rollout !== undefined);
  return {
    ...openImages(base, cached),
    // No store is at hand here: what is followed is listed once, now.
    listed: openListed(base, plain),
    ...(isStaged && {
      rollouts: {
        images: config.images,
        strategies: createStrategies(config),
        callsPerMinute: callsPerMinute(base, 'sweep'),
        resolveNow: (reference) => resolveImage(plain, reference, { fresh: true, now }),
      },
    }),
    ...(ask && { tryChecks: () => tryChecks(config.rollouts.strategies, ask) }),
    fleet: openFleets(base)('sweep'),
    rsyncs: createRSyncs({
      onUnreadable: (cluster, problem) => log.warn({ cluster, problem }, 'Object cannot be read'),
    }),
    images: config.images,
    unmatched,
    otherSources,
    identity: gate.identity,
    hub: config.fleet.managed,
    now,
  };
}
