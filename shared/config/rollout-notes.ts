import type { Config } from './config.ts';

const HOUR_MS = 3_600_000;
/** Under `gate` a cluster that waits is in error, and after a restart without drift correction (docs/effects.md). */
const MAX_GATE_SOAK_MS = HOUR_MS;

/** What a person should know of strategies that are legal, one sentence each. */
export function rolloutNotes({ images, rollouts }: Config): readonly string[] {
  const staged = images.flatMap(({ rollout, effect }, index) =>
    rollout === undefined ? [] : [{ rollout, effect, name: `images[${index}]` }],
  );
  const early = staged.map(
    ({ name }) =>
      `${name}.rollout is checked, and not acted on by this version: functions do not start with it`,
  );
  const others = Object.entries(rollouts.strategies).flatMap(([name, { stages }]) => {
    const users = staged.filter(({ rollout }) => rollout === name);
    const gated = users.filter(({ effect }) => effect === 'gate');
    const soak = stages.slice(0, -1).reduce((sum, { soakMs }) => sum + soakMs, 0);
    const notes: string[] = [];
    if (users.length === 0)
      notes.push(`rollouts.strategies.${name} is named by no entry of images`);
    if (gated.length > 0 && soak > MAX_GATE_SOAK_MS) {
      notes.push(
        `${gated.map((user) => user.name).join(', ')} with effect: gate under rollouts.strategies.${name}, which soaks for ${soak / HOUR_MS}h: clusters of later stages show KNV2002 all that time; prefer effect: pin`,
      );
    }
    if (stages.at(-1)?.clusters !== undefined) {
      notes.push(
        `rollouts.strategies.${name}.stages[${stages.length - 1}] is the last one: it has every cluster that no other stage selects, whatever its own selector`,
      );
    }
    return notes;
  });
  return [...early, ...others];
}
