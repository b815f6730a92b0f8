import type { Line } from '../output/line.ts';
import type { Paper } from '../output/paper.ts';
import { sayText } from '../output/say-text.ts';
import { type Column, drawTable } from '../output/table.ts';
import { toneOf } from '../output/tones.ts';
import type { View } from '../output/view.ts';
import { padTo, wrapTo } from '../output/width.ts';

interface Candidate {
  readonly source: string;
  readonly format: string;
  readonly predicateType?: string | undefined;
  readonly authority?: string | undefined;
  /** Absent: the authority accepted it. */
  readonly reason?: string | undefined;
  readonly detail?: string | undefined;
  readonly identity?: string | undefined;
}

/** A verdict, by the service or by this machine. */
export interface ShownVerdict {
  readonly value: unknown;
  readonly image: string;
  readonly verdict: string;
  /** One sentence: what it is, and what to do. */
  readonly message: string;
  readonly digest?: string | undefined;
  /** The index that has the digest. */
  readonly index?: string | undefined;
  readonly policy?: string | undefined;
  /** Where versions are followed: the best of the others, and why each is passed over. */
  readonly passedOver?: readonly string[] | undefined;
  /** What was found, and what each authority made of it. */
  readonly candidates: readonly Candidate[];
  /** The command that would mend it. */
  readonly fix?: string | undefined;
}

/** What an image is under its policy, what was found, and the command that would mend it. */
export function viewVerdict(shown: ShownVerdict): View {
  const { value, image, digest, index, policy, verdict, message, candidates, fix } = shown;
  const { passedOver = [] } = shown;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['image', image],
    ['digest', digest ?? 'unknown'],
    ['index', index],
    ['policy', policy],
  ];
  return {
    value,
    names: () => (digest === undefined ? [] : [`${repositoryOf(image)}@${digest}`]),
    lines: (paper: Paper) => [
      ...wrapTo(message, paper.columns).map((text): Line => [{ text, tone: toneOf(verdict) }]),
      // Never broken: it is there to be copied.
      ...(fix === undefined ? [] : ['', [{ text: `  ${fix}`, tone: 'command' } as const], '']),
      ...facts.flatMap(([name, fact]) =>
        fact === undefined ? [] : [`${padTo(name, FACT_WIDTH)}${fact}`],
      ),
      ...passedOver.map((one) => `passed over ${one}`),
      ...(candidates.length === 0 ? [] : ['', ...drawTable(candidates, COLUMNS, paper)]),
    ],
  };
}

const FACT_WIDTH = 'policy'.length + 2;

const COLUMNS: readonly Column<Candidate>[] = [
  { title: 'FOUND IN', of: ({ source }, paper) => sayText(source, paper) },
  {
    title: 'FORM',
    of: ({ format, predicateType }) =>
      predicateType === undefined ? format : `${format} attestation ${predicateType}`,
    cut: 'end',
  },
  { title: 'AUTHORITY', of: ({ authority = '' }) => authority, cut: 'end' },
  {
    title: 'RESULT',
    of: ({ reason = 'accepted' }) => reason,
    tone: ({ reason }) => (reason === undefined ? 'ok' : 'bad'),
  },
  {
    title: 'WHAT',
    of: ({ reason, detail = '', identity = 'its signer' }) =>
      reason === undefined ? `as ${identity}` : detail,
    cut: 'end',
  },
];

/** Without its tag or digest. */
function repositoryOf(image: string): string {
  return image.replace(/@[^@]*$/, '').replace(/:[^:/]*$/, '');
}
