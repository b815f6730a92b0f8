import type { RolloutPage } from '../api/schema.ts';
import { sayText } from '../output/say-text.ts';
import { type Column, drawTable } from '../output/table.ts';
import { sayAge } from '../output/times.ts';
import { toneOf } from '../output/tones.ts';
import type { View } from '../output/view.ts';

type Brief = RolloutPage['rollouts'][number];
type Row = Pick<Brief, 'image' | 'status'> & Partial<Brief>;

/** Every roll-out with its sentence: first what a person has to look at. */
export function viewRollouts(found: Pick<RolloutPage, 'rollouts' | 'lost'>): View {
  const lost = found.lost.map((image) => ({ image, status: 'lost', message: LOST }));
  const rows: readonly Row[] = [...lost, ...found.rollouts].toSorted(
    (a, b) => rankOf(a.status) - rankOf(b.status),
  );
  return {
    value: found,
    names: () => found.rollouts.map(({ id }) => id),
    lines: (paper) => (rows.length === 0 ? ['No roll-outs'] : drawTable(rows, COLUMNS, paper)),
  };
}

const LOST = 'Its record is lost or unreadable: nothing is newly approved';
/** What a person has to look at, then what is under way, then what has ended. */
const ORDER = ['lost', 'halted', 'rolling-back', 'paused', 'awaiting-approval', 'awaiting-window'];
const UNDER_WAY = ['rolling', 'soaking'];

function rankOf(status: string): number {
  const at = ORDER.indexOf(status);
  if (at >= 0) return at;
  return ORDER.length + (UNDER_WAY.includes(status) ? 0 : 1);
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'IMAGE', of: ({ image }) => image, cut: 'start' },
  { title: 'STATUS', of: ({ status }) => status, tone: ({ status }) => toneOf(status) },
  { title: 'STAGE', of: ({ stage = '' }) => stage, cut: 'end' },
  { title: 'LIVE', of: ({ stages = [] }) => sayLive(stages) },
  {
    title: 'AGE',
    of: ({ startedAt }, { now }) => (startedAt === undefined ? '' : sayAge(startedAt, now)),
  },
  { title: 'DIGEST', wide: true, of: ({ digest = '' }) => digest },
  { title: 'BY', wide: true, of: ({ startedBy = '' }) => startedBy },
  { title: 'ID', of: ({ id = '' }) => id },
  { title: 'MESSAGE', of: ({ message = '' }, paper) => sayText(message, paper), below: 200 },
];

/** Over all stages. */
function sayLive(stages: Brief['stages']): string {
  if (stages.length === 0) return '';
  const sum = (of: (stage: Brief['stages'][number]) => number): number =>
    stages.reduce((total, stage) => total + of(stage), 0);
  return `${sum(({ live }) => live)} of ${sum(({ clusters }) => clusters)}`;
}
