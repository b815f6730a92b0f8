import * as z from 'zod';
import type { ModuleSource } from './read-module.ts';

export const INPUTS_BEGIN = '<!-- generated: npx node test/terraform/write-inputs.ts -->';
export const INPUTS_END = '<!-- /generated -->';

/** The variables of the module as a table, those that must be given first. */
export function inputsTable({ variables }: ModuleSource): string {
  const rows = [...variables]
    .toSorted(
      ([a, x], [b, y]) => Number('default' in x) - Number('default' in y) || (a < b ? -1 : 1),
    )
    .map(([name, body]) => {
      const description = z.string().parse(body['description']).replaceAll('|', '\\|');
      return `| \`${name}\` | ${'default' in body ? defaultOf(body['default']) : 'required'} | ${description} |`;
    });
  return `| variable | default | |\n|---|---|---|\n${rows.join('\n')}`;
}

function defaultOf(value: unknown): string {
  return value === null ? 'none' : `\`${JSON.stringify(value)}\``;
}
