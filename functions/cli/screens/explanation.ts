import { OUTCOME_WORDS } from '#shared/core/outcome-words.ts';
import type { Explanation } from '../api/schema.ts';
import type { Line, Tone } from '../output/line.ts';
import type { Paper } from '../output/paper.ts';
import { sayText } from '../output/say-text.ts';
import { sayWhen } from '../output/times.ts';
import { toneOf } from '../output/tones.ts';
import type { View } from '../output/view.ts';
import { padTo, wrapTo } from '../output/width.ts';

type Explained = Explanation & { readonly cluster: string; readonly sync: string };

/** Why one RSync is, or is not, on its tag's digest: what is wrong, what to type, and the steps in their order. */
export function viewExplanation(explanation: Explained): View {
  const { cluster, sync } = explanation;
  return {
    value: explanation,
    names: () => [`${cluster} ${sync}`],
    lines: (paper) => [
      ...headOf(explanation, paper),
      '',
      ...explanation.steps.flatMap((step) => stepLines(step, paper)),
    ],
  };
}

function headOf(
  { cluster, sync, phase, readAt, conclusion, fix }: Explained,
  paper: Paper,
): Line[] {
  const tone = toneOf(phase ?? 'Unreachable');
  const read = readAt === undefined ? '' : `  read ${sayWhen(readAt, paper.now)}`;
  return [
    [
      { text: `${sync} on ${cluster}`, tone: 'strong' },
      '  ',
      { text: phase ?? 'Unreachable', tone },
      { text: read, tone: 'quiet' },
    ],
    ...wrapTo(sayText(conclusion, paper), paper.columns).map((text): Line => [{ text, tone }]),
    // Never broken: it is there to be copied.
    ...(fix === undefined
      ? []
      : ['', `${fix.why}:`, [{ text: `  ${fix.command}`, tone: 'command' } as const]]),
  ];
}

const OUTCOME_TONES: Readonly<Record<string, Tone>> = {
  ok: 'ok',
  wait: 'wait',
  bad: 'bad',
  unknown: 'bad',
  skipped: 'quiet',
};

/** As wide as the longest name of a step, and the longest word. */
const STEP_WIDTH = 'conditions'.length + 2;
const WORD_WIDTH = OUTCOME_WORDS.unknown.length + 2;
const INDENT = STEP_WIDTH + WORD_WIDTH;

function stepLines(
  { step, outcome, finding, details }: Explained['steps'][number],
  paper: Paper,
): Line[] {
  const word = wordOf(outcome);
  const [first = '', ...rest] = wrapTo(sayText(finding, paper), paper.columns - INDENT);
  const more = details
    .filter((detail) => paper.wide || !detail.startsWith('{'))
    .flatMap((detail) => wrapTo(sayText(detail, paper), paper.columns - INDENT - 2));
  return [
    [
      { text: padTo(step, STEP_WIDTH), tone: 'strong' },
      { text: padTo(word, WORD_WIDTH), tone: OUTCOME_TONES[outcome] },
      { text: first, tone: outcome === 'skipped' ? 'quiet' : undefined },
    ],
    ...rest.map((text) => ' '.repeat(INDENT) + text),
    ...more.map((text): Line => [{ text: ' '.repeat(INDENT + 2) + text, tone: 'quiet' }]),
  ];
}

function wordOf(outcome: string): string {
  return Object.entries(OUTCOME_WORDS).find(([known]) => known === outcome)?.[1] ?? outcome;
}
