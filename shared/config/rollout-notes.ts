import { sayDuration, sayTime } from '#shared/core/rollout/say-time.ts';
import type { Strategy } from '#shared/core/rollout/strategy.ts';
import { nextOpening } from '#shared/core/rollout/windows.ts';
import type { Config } from './config.ts';
import { isWithin } from '#shared/core/label-selector.ts';
import { createStrategies } from './strategies.ts';

const HOUR_MS = 3_600_000;
/** Under `gate` a cluster that waits is in error, and after a restart without drift correction (docs/effects.md). */
const MAX_GATE_SOAK_MS = HOUR_MS;
/** A stage that opens nothing for longer is no stage that waits, but most likely a year written wrong. */
const MAX_SHUT_MS = 31 * 24 * HOUR_MS;

/**
 * What a person should know of strategies that are legal, one sentence each.
 *
 * @example
 * for (const note of rolloutNotes(config, now())) out(`note: ${note}\n`);
 */
export function rolloutNotes(config: Config, now: Date): readonly string[] {
  const { images, rollouts } = config;
  const strategies = createStrategies(config);
  const staged = images.flatMap((rule, index) =>
    rule.rollout === undefined ? [] : [{ ...rule, rule, name: `images[${index}]` }],
  );
  return Object.entries(rollouts.strategies).flatMap(([name, { stages }]) => {
    const users = staged.filter(({ rollout }) => rollout === name);
    const gated = users.filter(({ effect }) => effect === 'gate');
    const soak = stages.slice(0, -1).reduce((sum, { soakMs }) => sum + soakMs, 0);
    const notes: string[] = [];
    if (users.length === 0)
      notes.push(`rollouts.strategies.${name} is named by no entry of images`);
    if (gated.length > 0 && soak > MAX_GATE_SOAK_MS) {
      notes.push(
        `${gated.map((user) => user.name).join(', ')} with effect: gate under rollouts.strategies.${name}, which soaks for ${sayDuration(soak)}: clusters of later stages show KNV2002 all that time; prefer effect: pin`,
      );
    }
    if (stages.at(-1)?.clusters !== undefined) {
      notes.push(
        `rollouts.strategies.${name}.stages[${stages.length - 1}] is the last one: it has every cluster that no other stage selects, whatever its own selector`,
      );
    }
    notes.push(...coveredNotes(name, stages));
    const [user] = users;
    const strategy = user && strategies.of(user.rule);
    return strategy === undefined ? notes : [...notes, ...shutNotes(name, strategy, config, now)];
  });
}

type Stages = Config['rollouts']['strategies'][string]['stages'];

/** Stages that an earlier one leaves no cluster to. */
function coveredNotes(name: string, stages: Stages): readonly string[] {
  return stages.slice(0, -1).flatMap(({ clusters = '' }, index) => {
    const before = stages
      .slice(0, index)
      .findIndex((earlier) => isWithin(clusters, earlier.clusters ?? ''));
    const places = `rollouts.strategies.${name}.stages`;
    return before < 0
      ? []
      : [
          `${places}[${index}] has no cluster, whatever its labels: ${places}[${before}] selects all that it does, and comes first`,
        ];
  });
}

/** Stages in which windows and freezes let nothing begin for long, or ever. */
function shutNotes(
  name: string,
  strategy: Strategy,
  { rollouts }: Config,
  now: Date,
): readonly string[] {
  const { stages } = rollouts.strategies[name] ?? { stages: [] };
  return strategy.stages.flatMap(({ windows }, index) => {
    // Of a freeze with a selector of its own, only what selects the whole stage shuts that.
    const freezes = strategy.freezes.filter((_, at) =>
      isWithin(stages[index]?.clusters ?? '', rollouts.freezes[at]?.clusters ?? ''),
    );
    const opening = nextOpening(windows, freezes, now);
    if (opening !== undefined && opening.getTime() - now.getTime() <= MAX_SHUT_MS) return [];
    const clock = windows?.[0]?.clock ?? freezes[0]?.clock;
    const until = opening === undefined ? 'ever' : `before ${sayTime(opening, clock)}`;
    const names = freezes.map((freeze) => freeze.name).join(', ');
    return [
      `rollouts.strategies.${name}.stages[${index}] starts nothing ${until}, by its windows and the freezes ${names}`,
    ];
  });
}
