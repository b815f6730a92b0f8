import type { JsonSchema } from './json-schema.ts';
import { type ReferenceRow, referenceRows } from './reference.ts';

/** Below this line, a page is written by `npm run docs`. */
export const GENERATED = '<!-- generated: npm run docs -->';

/** The reference of the config file in Markdown: one section for each key at the top. */
export function referencePage(schema: JsonSchema): string {
  const sections = Object.entries(schema.properties ?? {}).map(([key, field]) => {
    const rows = referenceRows({ properties: { [key]: field }, required: schema.required ?? [] });
    return sectionOf(key, rows);
  });
  return `${sections.join('\n\n')}\n`;
}

/** `page` with what is below the mark replaced. */
export function withReference(page: string, reference: string): string {
  const [head = ''] = page.split(GENERATED);
  return `${head}${GENERATED}\n\n${reference}`;
}

function sectionOf(key: string, [top, ...rows]: readonly ReferenceRow[]): string {
  const facts = [top?.type, top?.otherwise === 'required' ? 'required' : 'optional', top?.limits];
  const known = facts.filter((fact) => fact !== undefined && fact !== '').join(', ');
  const extra = [
    top?.otherwise === undefined || /^(?:required)?$/.test(top.otherwise) || isObject(top)
      ? ''
      : ` Without it ${top.otherwise}.`,
    top?.example === undefined || top.example === '' ? '' : ` For example ${top.example}.`,
  ].join('');
  const intro = `### \`${key}\`\n\n${capital(known)}. ${top?.meaning ?? ''}.${extra}`;
  if (rows.length === 0) return intro;
  const head = '| key | type | without it | meaning |\n| --- | --- | --- | --- |';
  return `${intro}\n\n${head}\n${rows.map(lineOf).join('\n')}`;
}

function isObject({ type }: ReferenceRow): boolean {
  return type === 'object';
}

function lineOf({ path, type, otherwise, meaning, limits, example }: ReferenceRow): string {
  const said = [
    meaning,
    limits === '' ? '' : `; ${limits}`,
    example === '' ? '' : `. Example: ${example}`,
  ].join('');
  return `| ${[`\`${path}\``, type, otherwise, said].map(cell).join(' | ')} |`;
}

/** A "|" would end the cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
