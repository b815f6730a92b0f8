import { type Figure, isMet } from './figure.ts';
import type { Spread } from './spread.ts';

/** A table for people: columns of equal width, numbers to the right. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** The figures of one benchmark: medians, with the least and the most in brackets. */
export function renderFigures(figures: readonly Figure[]): string {
  const head = ['', 'ours', '(spread)', 'floor', '×', '(spread)', 'budget', ''];
  const rows = figures.map((figure) => {
    const { what, unit, ours, floor, ratio, budget } = figure;
    const met = isMet(figure);
    return [
      floor === undefined ? what : `${what}, over ${floor.name}`,
      `${round(ours.median)} ${unit}`.trim(),
      range(ours),
      floor === undefined ? '' : round(floor.median),
      ratio === undefined ? '' : ratio.median.toFixed(2),
      ratio === undefined ? '' : range(ratio),
      budget === undefined
        ? ''
        : `${budget.atLeast === true ? '≥' : '≤'} ${budget.of === 'ratio' ? '× ' : ''}${budget.limit}`,
      met === undefined ? '' : met ? 'met' : 'MISSED',
    ];
  });
  return renderTable([head, ...rows]);
}

function range({ low, high, samples }: Spread): string {
  return samples < 2 ? '' : `(${round(low)}–${round(high)})`;
}

/** Three digits are more than the machine can distinguish. */
export function round(value: number): string {
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(Math.abs(value) >= 1 ? 2 : 3);
}
