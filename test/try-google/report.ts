import type { Outcome } from './play.ts';

const BEGIN = '<!-- try-google: written by `npm run try-google` -->';
const END = '<!-- try-google: end -->';

export interface Tried {
  readonly outcomes: readonly Outcome[];
  /** Commands of the clean end that failed. */
  readonly left: number;
  /** ISO 8601, the day. */
  readonly day: string;
  readonly revision: string;
  readonly gcloud: string;
  /** What may not be in a public page: the project, the account. */
  readonly secrets: readonly string[];
}

/** Puts what a try found into docs/support.md, in place of what the one before found. Throws where the page has no place for it. */
export function reportInto(page: string, tried: Tried): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new Error(`docs/support.md has no "${BEGIN}" … "${END}"`);
  return `${page.slice(0, from + BEGIN.length)}\n${reportOf(tried)}\n${page.slice(to)}`;
}

function reportOf({ outcomes, left, day, revision, gcloud, secrets }: Tried): string {
  const rows = outcomes.map(({ step, status, seconds, reason }) => {
    const why = reason === undefined ? '' : hide(reason.split('\n')[0] ?? '', secrets);
    return `| ${step.title} | ${status} | ${status === 'not reached' ? '' : `${seconds} s`} | ${why} |`;
  });
  const end = left === 0 ? 'Everything it made was removed.' : `${left} of its removals failed.`;
  return [
    '',
    `Tried on a real project on ${day}: commit ${revision.slice(0, 12)}, gcloud ${gcloud}. ${end}`,
    '',
    '| step | | took | |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

/** One line of a table, without what names the project or a person. */
function hide(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret !== '')
    .reduce((line, secret) => line.replaceAll(secret, '…'), text)
    .replaceAll('|', '\\|')
    .slice(0, 300);
}
