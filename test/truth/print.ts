import type { CampaignResult } from './campaign.ts';
import type { History, Outcome } from './history.ts';
import { sayStep } from './say.ts';

/** The figures, for people. */
export function printFigures({ histories, figures, failed }: CampaignResult): string {
  const { episodes, reported, closed, compared } = figures;
  const lines = Object.entries({
    histories,
    'episodes that outlasted their grace': episodes,
    reported,
    closed,
    'compared at quiet moments': compared,
    false: figures.false,
    missed: figures.missed,
    doubled: figures.doubled,
    'shown wrong': figures.shown,
  }).map(([name, count]) => `  ${name.padEnd(40)} ${count}`);
  const end =
    failed.length === 0 ? 'all reports are true' : `untrue with seeds ${failed.join(', ')}`;
  return `${[...lines, end].join('\n')}\n`;
}

/** How much of what happened a story prints. */
const LINES = 80;
const SELDOM_OF_INTEREST = /event sweep\.completed|is killed|begins$|is done$/;

/** A history as a short story: what was done, what happened, and what was reported that is not so. */
export function printStory({ seed, plan, steps }: History, outcome: Outcome): string {
  const time = (at: number): string => new Date(at - outcome.began).toISOString().slice(11, 19);
  const printed = steps.map(
    (step, at) => `  ${time(outcome.stepsAt[at] ?? 0)} ${sayStep(step, plan)}`,
  );
  const mended = `  ${time(outcome.stepsAt.at(-1) ?? 0)} everything is mended, and signed images are pushed`;
  const last = Math.max(...outcome.findings.map(({ at }) => at), outcome.began);
  const happened = outcome
    .journal()
    .filter((line) => !SELDOM_OF_INTEREST.test(line) && line.slice(0, 8) <= time(last))
    .map((line) => line.replaceAll('projects/fleet-host/locations/global/memberships/', ''))
    .map((line) => line.replaceAll('us-docker.pkg.dev/acme/', '').slice(0, 200));
  return [
    `History ${seed}: every image is signed and live, then`,
    ...printed,
    mended,
    'and this is not so:',
    ...outcome.findings.map(({ fault, at, what }) => `  ${fault} at ${time(at)}: ${what}`),
    'What happened until then:',
    ...happened.slice(-LINES).map((line) => `  ${line}`),
    '',
  ].join('\n');
}
