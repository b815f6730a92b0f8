import { buildJsonSchema } from '#shared/config/json-schema.ts';
import { type ConfigRow, configRows } from './config-rows.ts';
import { withGenerated } from './generated.ts';

/** `docs/config.md` with its reference written anew: one section for each key at the top of the config file. */
export function configPage(page: string): string {
  const schema = buildJsonSchema();
  const sections = Object.entries(schema.properties ?? {}).map(([key, field]) => {
    const rows = configRows({ properties: { [key]: field }, required: schema.required ?? [] });
    return sectionOf(key, rows);
  });
  return withGenerated(page, `${sections.join('\n\n')}\n`);
}

function sectionOf(key: string, [top, ...rows]: readonly ConfigRow[]): string {
  if (top === undefined) return '';
  const { type, otherwise, limits, meaning, example } = top;
  const facts = [type, otherwise === 'required' ? 'required' : 'optional', limits];
  const known = facts.filter((fact) => fact !== '').join(', ');
  const hasDefault = type !== 'object' && !['', 'required'].includes(otherwise);
  const without = hasDefault ? ` Without it ${otherwise}.` : '';
  const shown = example === '' ? '' : ` For example ${example}.`;
  const intro = `### \`${key}\`\n\n${capital(known)}. ${meaning}.${without}${shown}`;
  if (rows.length === 0) return intro;
  const head = '| key | type | without it | meaning |\n| --- | --- | --- | --- |';
  return `${intro}\n\n${head}\n${rows.map(lineOf).join('\n')}`;
}

function lineOf({ path, type, otherwise, meaning, limits, example }: ConfigRow): string {
  const said = `${meaning}${limits && `; ${limits}`}${example && `. Example: ${example}`}`;
  return `| ${[`\`${path}\``, type, otherwise, said].map(cell).join(' | ')} |`;
}

/** A "|" would end the cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
