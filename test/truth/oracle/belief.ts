import type { Finding, Figures } from './findings.ts';
import type { Stretch } from './stretches.ts';

/** What was so of one subject, as far as reports of it are concerned. */
export interface Standing {
  /** The trouble that it is in; absent: none. */
  readonly trouble?: string;
  /** What the trouble is about. */
  readonly about?: string;
  /** Nothing is open any more. */
  readonly well: boolean;
  /** It cannot be seen. */
  readonly hidden?: boolean;
}

/** One report of a subject; without `trouble` it says that all is well again. */
export interface Report {
  readonly at: number;
  readonly trouble?: string;
  readonly about?: string;
  /** What distinguishes it from another report of the same trouble. */
  readonly grade?: string;
  /** It says nothing of the trouble, and a subscriber knows all the same that it is over. */
  readonly aside?: boolean;
  /** In words. */
  readonly text: string;
}

export interface Subject {
  readonly name: string;
  readonly past: readonly Stretch<Standing>[];
  readonly reports: readonly Report[];
  /** Reports of what it is about, under another name. */
  readonly elsewhere?: readonly Report[];
  /** When a report of a trouble was begun: it may have got through although it is not among the reports. */
  readonly begun?: readonly number[];
  /** When it was over and done with. */
  readonly goneAt?: number | undefined;
  /** Whether a report is true; absent: where it was so when it was read. */
  readonly isTrue?: (report: Report) => boolean;
  /** Whether a standing is what a report says; absent: where the trouble is the same. */
  readonly agrees?: (standing: Standing, report: Report) => boolean;
  /** Whether what was reported may be closed in that standing; absent: where it is well. */
  readonly closable?: (standing: Standing, open: Report, at: number) => boolean;
  /** Times after which anything may be reported once more: the store was lost. */
  readonly losses: readonly number[];
  /** That another thing is well is news, too, with no trouble before it. */
  readonly wellIsNews?: boolean;
}

/** Every function has looked within this time, and has published what there is. */
export const GRACE_MS = 14 * 60_000;
/** What is published was read this much earlier at the most. */
export const READ_MS = 75_000;
/** The observer's clocks run late by the time between two looks of it. */
const LOOK_MS = 6_000;

/**
 * Holds the reports of one subject against what was so: none is untrue, what lasted longer than its grace was reported
 * and closed, and nothing was reported twice.
 */
export function checkBelief(subject: Subject, figures: Figures): readonly Finding[] {
  return [...checkEach(subject), ...checkStretches(subject, figures)];
}

function checkEach(subject: Subject): readonly Finding[] {
  const { name, reports, past, losses, isTrue } = subject;
  const findings: Finding[] = [];
  const agrees = subject.agrees ?? ((standing, report) => standing.trouble === report.trouble);
  const wasBegun = (last: Report | undefined, until: number): boolean =>
    subject.begun?.some((at) => at > (last?.at ?? 0) && at <= until) ?? false;
  let open: Report | undefined;
  let last: Report | undefined;
  for (const report of reports) {
    const { at, trouble, text } = report;
    const seen = during(past, at - READ_MS, at + LOOK_MS);
    const since = during(past, (last?.at ?? 0) - READ_MS, at);
    const lost = losses.some((loss) => loss >= (last?.at ?? 0) - READ_MS && loss <= at);
    const say = (fault: Finding['fault'], why: string): number =>
      findings.push({ fault, at, what: `${name}: ${text}${why}` });
    if (trouble === undefined) {
      const closes = open ?? report;
      const well = subject.closable ?? ((standing: Standing) => standing.well);
      const gone = subject.goneAt !== undefined && subject.goneAt <= at;
      const closed = seen.some((one) => one.hidden === true || well(one, closes, at));
      if (report.aside !== true && !gone && !(isTrue?.(report) ?? closed)) {
        say('false', `, and it is not: ${describe(seen)}`);
      } else if (
        isAgain(report, open, last) &&
        !lost &&
        !hadTrouble(since) &&
        !wasBegun(last, at)
      ) {
        const news = subject.wellIsNews === true && last?.about !== report.about;
        if (!news) say('doubled', ' again, with no trouble in between');
      }
      open = undefined;
    } else {
      const known = seen.some((one) => one.hidden === true || agrees(one, report));
      if (!(isTrue?.(report) ?? known)) say('false', `, and it is not: ${describe(seen)}`);
      const same =
        last?.trouble === trouble && last.about === report.about && last.grade === report.grade;
      const changed = since.some((one) => !agrees(one, report) || one.hidden === true);
      if (same && !changed && !lost) say('doubled', ' again, and it never was otherwise');
      open = report;
    }
    last = report;
  }
  return findings;
}

function checkStretches(subject: Subject, figures: Figures): readonly Finding[] {
  const findings: Finding[] = [];
  const agrees = subject.agrees ?? ((standing, report) => standing.trouble === report.trouble);
  let counted: string | undefined;
  for (const { from, to, what } of subject.past) {
    if (what.hidden === true) continue;
    const begins = Math.max(from, ...subject.losses.filter((loss) => loss < to));
    if (to - begins < GRACE_MS) continue;
    const believed = lastWord(subject, what, begins + GRACE_MS);
    const { trouble } = what;
    const findingAt = (fault: Finding['fault'], why: string): number =>
      findings.push({ fault, at: begins + GRACE_MS, what: `${subject.name}: ${why}` });
    if (trouble !== undefined) {
      if (counted !== trouble) figures.episodes += 1;
      if (believed !== undefined && agrees(what, believed)) figures.reported += 1;
      else findingAt('missed', `is ${trouble}, and ${believed?.text ?? 'nothing'} was reported`);
      counted = trouble;
    } else if (what.well) {
      const well = believed?.trouble === undefined;
      if (well && counted !== undefined) figures.closed += 1;
      if (!well)
        findingAt('missed', `is well, and ${believed?.text ?? 'nothing'} is the last word`);
      counted = undefined;
    }
  }
  const { goneAt } = subject;
  const last = subject.reports.at(-1);
  const end = subject.past.at(-1)?.to ?? 0;
  const forgotten = subject.losses.some((loss) => loss >= (last?.at ?? 0) - READ_MS);
  if (goneAt !== undefined && last?.trouble !== undefined && !forgotten) {
    if (end - goneAt >= GRACE_MS || subject.past.length === 0) {
      findings.push({
        fault: 'missed',
        at: goneAt,
        what: `${subject.name}: is gone, and ${last.text} is the last word`,
      });
    }
  }
  return findings;
}

function isAgain({ aside }: Report, open: Report | undefined, last: Report | undefined): boolean {
  return aside !== true && open === undefined && last !== undefined;
}

/** What was last said of it, by its own name or by that of what it is about. */
function lastWord(
  { reports, elsewhere = [] }: Subject,
  { about }: Standing,
  until: number,
): Report | undefined {
  const others = elsewhere.filter((report) => about !== undefined && report.about === about);
  return [...reports, ...others]
    .toSorted((one, other) => one.at - other.at)
    .findLast(({ at }) => at <= until);
}

function during(past: readonly Stretch<Standing>[], from: number, to: number): readonly Standing[] {
  return past.filter((one) => one.from <= to && one.to >= from).map(({ what }) => what);
}

function hadTrouble(standings: readonly Standing[]): boolean {
  return standings.some(({ well, hidden }) => !well || hidden === true);
}

function describe(standings: readonly Standing[]): string {
  return [
    ...new Set(
      standings.map(({ trouble, well, hidden }) =>
        hidden === true ? 'out of reach' : (trouble ?? (well ? 'well' : 'on its way')),
      ),
    ),
  ].join(', then ');
}
