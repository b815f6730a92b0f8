import { escapeJson } from '#shared/core/foreign-text.ts';
import { type Line, renderLine } from './line.ts';
import type { Paper } from './paper.ts';
import { formatYaml } from './yaml.ts';

/** What `-o` takes. */
export const FORMATS = ['table', 'wide', 'json', 'yaml', 'name'] as const;

export type Format = (typeof FORMATS)[number];

/** A result, as a person and as a program reads it. */
export interface View {
  /** For programs, by a published schema (functions/cli/schemas). */
  readonly value: unknown;
  /** For people. */
  lines(paper: Paper): readonly Line[];
  /** Names alone, one a line, as other verbs take them. */
  names(): readonly string[];
}

/** The text of a view: JSON and YAML with escapes for characters that rule a terminal, the rest with U+FFFD in their place. */
export function formatView(
  view: View,
  { format, paper, colour }: { format: Format; paper: Omit<Paper, 'wide'>; colour: boolean },
): string {
  switch (format) {
    case 'json':
      return `${escapeJson(JSON.stringify(view.value, null, 2))}\n`;
    case 'yaml':
      return formatYaml(view.value);
    case 'name':
      return view
        .names()
        .map((name) => `${renderLine(name, false)}\n`)
        .join('');
    default: {
      const lines = view.lines({ ...paper, wide: format === 'wide' });
      return lines.map((line) => `${renderLine(line, colour)}\n`).join('');
    }
  }
}
