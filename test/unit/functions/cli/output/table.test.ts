import { describe, expect, it } from 'vitest';
import { textOf } from '#functions/cli/output/line.ts';
import { type Column, drawTable } from '#functions/cli/output/table.ts';
import { widthOf } from '#functions/cli/output/width.ts';

interface Row {
  readonly image: string;
  readonly phase: string;
  readonly why: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'IMAGE', of: ({ image }) => image, cut: 'start' },
  { title: 'PHASE', of: ({ phase }) => phase },
  { title: 'SIZE', wide: true, of: ({ why }) => `${why.length}` },
  { title: 'WHY', of: ({ why }) => why, cut: 'end' },
];

const ROWS: readonly Row[] = [
  {
    image: 'registry.example/acme/configs/platform:v1',
    phase: 'Rejected',
    why: 'no key verifies it',
  },
  { image: 'registry.example/b:v1', phase: 'Synced', why: '' },
];

function draw(rows: readonly Row[], columns: number, wide = false): readonly string[] {
  return drawTable(rows, COLUMNS, { columns, wide, now: new Date(0) }).map(textOf);
}

describe('drawTable', () => {
  it('aligns cells under their titles, and leaves no blank at the end of a line', () => {
    expect(draw(ROWS, 200)).toEqual([
      'IMAGE                                      PHASE     WHY',
      'registry.example/acme/configs/platform:v1  Rejected  no key verifies it',
      'registry.example/b:v1                      Synced',
    ]);
  });

  it('fits into a narrow terminal: the widest are cut, each on the side that distinguishes least', () => {
    const lines = draw(ROWS, 50);
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(50);
    expect(lines[1]).toMatch(/^….*configs\/platform:v1 {2}Rejected {2}no key verifies it$/);
  });

  it('cuts what may not be cut in no terminal, and nothing where there is none or all is asked for', () => {
    expect(draw(ROWS, 1)[1]).toContain('Rejected');
    for (const lines of [draw(ROWS, Infinity), draw(ROWS, 20, true)]) {
      expect(lines.join('\n')).toContain('registry.example/acme/configs/platform:v1');
    }
  });

  it('has more columns where all is asked for', () => {
    expect(draw(ROWS, 80, true)[0]).toMatch(/IMAGE +PHASE +SIZE +WHY$/);
  });

  it('counts the columns of a terminal, and not characters', () => {
    const rows = [
      { image: '平台:v1', phase: 'Synced', why: 'ok' },
      { image: 'e\u0301te\u0301:v1', phase: 'Synced', why: 'ok' },
    ];
    const at = draw(rows, 80)
      .slice(1)
      .map((line) => widthOf(line.slice(0, line.indexOf('Synced'))));
    expect(new Set(at).size).toBe(1);
  });

  it('is nothing without rows', () => {
    expect(draw([], 80)).toEqual([]);
  });
});
