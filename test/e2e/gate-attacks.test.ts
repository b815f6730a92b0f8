import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outcomeOf, runAttack } from '#test/hostile/gate/run-attack.ts';
import { type Trial, WEAKENED, WHOLE, WITHOUT_RULE } from '#test/hostile/gate/table.ts';
import { startSyncCluster, type SyncCluster } from './tools/sync-cluster.ts';
import { installGates, type VariantGates } from './tools/variant-gates.ts';

let cluster: SyncCluster;
let gates: VariantGates;
const done = { refused: 0, unharmed: 0, withoutRule: 0, weakened: 0 };

beforeAll(async () => {
  cluster = await startSyncCluster({ everybodyMay: true });
  const trials = [...WHOLE, ...WITHOUT_RULE, ...WEAKENED];
  gates = await installGates(
    cluster,
    trials.map(({ variant }) => variant),
  );
});
afterAll(async () => {
  await cluster?.close();
  const honest = WHOLE.length - WITHOUT_RULE.length;
  process.stdout.write(
    [
      `gate attacks: ${done.refused} of ${WITHOUT_RULE.length} refused`,
      `${done.unharmed} of ${honest} other rows as they must`,
      `${done.withoutRule} of ${WITHOUT_RULE.length} pass without their rule`,
      `${done.weakened} of ${WEAKENED.length} weaker gates noticed\n`,
    ].join('; '),
  );
});

async function tryOut({ attack, variant }: Trial): Promise<unknown> {
  await gates.guard(variant);
  return outcomeOf(attack, await runAttack(attack, cluster.send));
}

describe('the gate', () => {
  it.each(WHOLE)('$name', async (trial) => {
    expect(await tryOut(trial)).toEqual('hold');
    done[trial.attack.rules.length > 0 ? 'refused' : 'unharmed'] += 1;
  });
});
describe('the gate, without the rules of a row, admits it', () => {
  it.each(WITHOUT_RULE)('$name', async (trial) => {
    expect(await tryOut(trial)).toEqual('let through');
    done.withoutRule += 1;
  });
});
describe('the gate, weaker in one condition, admits a row', () => {
  it.each(WEAKENED)('$name', async (trial) => {
    expect(await tryOut(trial)).toEqual('let through');
    done.weakened += 1;
  });
});
