import { parseArgs } from 'node:util';
import { runCampaign } from './campaign.ts';
import { printResult } from './print-result.ts';

// `npm run test:faults -- [--seed N] [--pushes N] [--short]`: one campaign; exit code 1 when anything was violated.
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    pushes: { type: 'string' },
    images: { type: 'string' },
    clusters: { type: 'string' },
    drop: { type: 'string' },
    stories: { type: 'string', default: '3' },
    short: { type: 'boolean', default: false },
  },
});
const size = values.short
  ? { pushes: 300, images: 12, clusters: 10 }
  : { pushes: 5_000, images: 50, clusters: 40 };
const result = await runCampaign({
  seed: Number(values.seed),
  pushes: Number(values.pushes ?? size.pushes),
  images: Number(values.images ?? size.images),
  clusters: Number(values.clusters ?? size.clusters),
  ...(values.drop === undefined ? {} : { drop: Number(values.drop) }),
});
process.stdout.write(printResult(result, Number(values.stories)));
process.exitCode = result.violations.length === 0 ? 0 : 1;
