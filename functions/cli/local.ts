import { setTimeout as sleep } from 'node:timers/promises';
import { readCommandBase } from '#functions/wiring/base.ts';
import { openChecks } from '#functions/wiring/checks.ts';
import { callsPerMinute, openFleets } from '#functions/wiring/fleet.ts';
import { openImages, openRegistries } from '#functions/wiring/images.ts';
import { createStrategies } from '#shared/config/strategies.ts';
import { createRSyncs } from '#shared/configsync/rsyncs.ts';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { cleanText } from '#shared/core/foreign-text.ts';
import { resolveImage } from '#shared/registry/resolve.ts';
import { createPubsubCalls } from '#shared/status/pubsub-calls.ts';
import { checkFleet, type OpenedFleet } from './check-fleet.ts';
import { tryChecks } from './preflight-checks.ts';
import type { CommandIo, ExitCode } from './terminal.ts';
import { type DeadLetterOffice, runDeadLetters } from './run-dead-letters.ts';
import { type ImageJudge, verifyImage } from './verify-image.ts';

interface LocalCommand {
  readonly timeoutMs: number;
  readonly run: (args: string[], io: CommandIo) => Promise<ExitCode>;
}

/** What reads the config file and works from this machine, without the API: `npm run verify`, and so on. */
const COMMANDS: Readonly<Record<string, LocalCommand>> = {
  verify: {
    // Longer than any verdict takes that a function would wait for.
    timeoutMs: 60_000,
    run: (args, io) => verifyImage(args, { ...io, open: openJudge }),
  },
  preflight: {
    // A fleet of 1,000 clusters takes ten minutes of the sweep's share of calls.
    timeoutMs: 900_000,
    run: (args, io) => checkFleet(args, { ...io, open: openFleetToCheck }),
  },
  'dead-letters': {
    // Shorter than letters are leased: what a run that takes longer left alone comes back by itself.
    timeoutMs: 240_000,
    run: (args, io) => runDeadLetters(args, { ...io, open: openOffice }),
  },
};

async function openJudge(configPath: string | undefined): Promise<ImageJudge> {
  const base = await readCommandBase('verify', configPath);
  const { cached } = openRegistries(base);
  const { rules, policies, verifier } = openImages(base, cached);
  return {
    policyOf: (repository) => policies.get(rules.match(repository)?.trust ?? ''),
    resolve: (reference) => resolveImage(cached, reference, { fresh: true, now: base.now }),
    verifier,
  };
}

async function openFleetToCheck(file: string): Promise<OpenedFleet> {
  const base = await readCommandBase('preflight', file);
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
    unmatched,
    otherSources,
    identity: gate.identity,
    hub: config.fleet.managed,
    now,
  };
}

async function openOffice(configPath: string | undefined): Promise<DeadLetterOffice> {
  const { config, env } = await readCommandBase('dead-letters', configPath);
  return {
    pubsub: createPubsubCalls(defined({ emulatorHost: env.pubsubEmulatorHost })),
    config,
    pause: (milliseconds) => sleep(milliseconds),
  };
}

// Should the command itself fail, its status is not to be read as "no".
process.exitCode = 2;
const [name = '', ...args] = process.argv.slice(2);
const command = COMMANDS[name];
if (command === undefined) throw new TypeError(`No command ${JSON.stringify(name)}`);
const code = await command.run(args, {
  // What others push must not rule a terminal.
  out: (text) => process.stdout.write(cleanText(text)),
  err: (text) => process.stderr.write(cleanText(text)),
  timeoutMs: command.timeoutMs,
});
// What is still under way after a timeout must not keep people waiting.
process.exit(code);
