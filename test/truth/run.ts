import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { type CampaignResult, sumUp } from './campaign.ts';
import { drawHistory, runHistory } from './history.ts';
import { printFigures, printStory } from './print.ts';
import { runPlantedReports } from './run-planted.ts';
import { shrink } from './shrink.ts';

// `npm run test:truth -- [--seed N] [--histories N] [--stories N]`: histories N, N+1, …; exit code 1 when a report was
// not true. The first stories are shrunk and printed.
// `-- --history N`: that one alone, as it is.
// `-- --planted [--only BUG]`: bugs that the campaign must find.
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    histories: { type: 'string', default: '2000' },
    stories: { type: 'string', default: '3' },
    history: { type: 'string' },
    planted: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});

async function runAll(first: number, count: number): Promise<CampaignResult> {
  const stride = Math.min(count, availableParallelism());
  const shares = Array.from({ length: stride }, (_, offset) =>
    runShare({ first, count, stride, offset }),
  );
  return sumUp(await Promise.all(shares));
}

function runShare(workerData: object): Promise<CampaignResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

async function runOne(seed: number): Promise<boolean> {
  const history = drawHistory(seed);
  const outcome = await runHistory(history);
  process.stdout.write(printStory(history, outcome));
  return outcome.findings.length === 0;
}

async function runCampaign(): Promise<boolean> {
  const first = Number(values.seed);
  const result = await runAll(first, Number(values.histories));
  process.stdout.write(`histories ${first} to ${first + Number(values.histories) - 1}\n`);
  process.stdout.write(printFigures(result));
  for (const seed of result.failed.slice(0, Number(values.stories))) {
    const history = drawHistory(seed);
    const short = await shrink(history, await runHistory(history));
    process.stdout.write(`\n${printStory(short.history, short.outcome)}`);
  }
  return result.failed.length === 0;
}

const passed = values.planted
  ? runPlantedReports(values.only)
  : values.history === undefined
    ? await runCampaign()
    : await runOne(Number(values.history));
process.exitCode = passed ? 0 : 1;
