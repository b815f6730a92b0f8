import { createRSyncs } from '#shared/configsync/rsyncs.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { readCommandBase } from '#functions/wiring/base.ts';
import { openFleets } from '#functions/wiring/fleet.ts';
import { openImages } from '#functions/wiring/images.ts';
import { openRegistries } from '#functions/wiring/registries.ts';
import { checkFleet, type OpenedFleet } from './check-fleet.ts';
import { runProcess } from './run-command.ts';

/** A fleet of 1,000 clusters takes ten minutes of the sweep's share of calls. */
const TIMEOUT_MS = 900_000;

async function open(file: string): Promise<OpenedFleet> {
  const base = await readCommandBase('preflight', file);
  const { config, log, now } = base;
  if (config.gate === undefined) {
    throw new CountersignError(
      'bad-config',
      'Config has no gate: add gate.identity, the user name that Countersign has in the clusters',
    );
  }
  const { cached } = openRegistries(base);
  return {
    ...openImages(base, cached),
    fleet: openFleets(base)('sweep'),
    rsyncs: createRSyncs({
      onUnreadable: (cluster, problem) => log.warn({ cluster, problem }, 'Object cannot be read'),
    }),
    unmatched: config.unmatched,
    otherSources: config.otherSources,
    identity: config.gate.identity,
    hub: config.fleet.managed,
    now,
  };
}

await runProcess((args, io) => checkFleet(args, { ...io, open }), TIMEOUT_MS);
