import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runCampaign } from './campaign.ts';
import { printResult } from './print-result.ts';
import { runReal } from './real/run-real.ts';
import { runPlanted } from './run-planted.ts';

// `npm run test:faults -- [--seed N] [--pushes N] [--short] [--stories N] [--steps FILE]`: one campaign; exit code 1 when anything was violated.
// `-- --rollouts`: most images go out in stages, with people, tenants, lost records and stepping clocks.
// `-- --real [--firestore]`: 300 pushes on the real processes of the local world (`npm run build` before), the store a
// file or Google's emulator of Firestore.
// `-- --planted [--only LAW]`: one bug for each law, each of which must be caught.
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    pushes: { type: 'string' },
    images: { type: 'string' },
    clusters: { type: 'string' },
    drop: { type: 'string' },
    stories: { type: 'string', default: '3' },
    steps: { type: 'string' },
    real: { type: 'boolean', default: false },
    firestore: { type: 'boolean', default: false },
    planted: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    short: { type: 'boolean', default: false },
    rollouts: { type: 'boolean', default: false },
  },
});
const REAL_PUSHES = 300;

async function runOne(): Promise<boolean> {
  const short = values.rollouts ? { images: 6, clusters: 14 } : { images: 12, clusters: 10 };
  const whole = values.rollouts ? { images: 10, clusters: 30 } : { images: 50, clusters: 40 };
  const size = values.short ? { pushes: 300, ...short } : { pushes: 5_000, ...whole };
  const result = values.real
    ? await runReal(
        Number(values.seed),
        Number(values.pushes ?? REAL_PUSHES),
        values.firestore ? 'firestore' : 'sqlite',
      )
    : await runCampaign({
        seed: Number(values.seed),
        pushes: Number(values.pushes ?? size.pushes),
        images: Number(values.images ?? size.images),
        clusters: Number(values.clusters ?? size.clusters),
        rollouts: values.rollouts,
        ...(values.drop === undefined ? {} : { drop: Number(values.drop) }),
      });
  process.stdout.write(printResult(result, Number(values.stories)));
  if (values.steps !== undefined) writeFileSync(values.steps, `${result.steps().join('\n')}\n`);
  return result.violations.length === 0;
}

const passed = values.planted ? runPlanted(values.only) : await runOne();
process.exitCode = passed ? 0 : 1;
