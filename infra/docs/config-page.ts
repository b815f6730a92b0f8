import { buildJsonSchema } from '#shared/config/json-schema.ts';
import { type ConfigRow, configRows } from './config-rows.ts';
import { withGenerated } from './generated.ts';

/** Of texts: said once, above the reference. */
const USUAL_LIMIT = 'at most 2,048 characters';

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
  const without = hasDefault ? ` Default: ${otherwise}.` : '';
  const shown = example === '' ? '' : ` For example ${example}.`;
  const intro = `### \`${key}\`\n\n${capital(known)}. ${meaning}.${without}${shown}`;
  if (rows.length === 0) return intro;
  const head = '| key | type | default | meaning |\n| --- | --- | --- | --- |';
  const groups = Map.groupBy(rows, ({ path, ...same }) => JSON.stringify([keyOf(path), same]));
  return `${intro}\n\n${head}\n${[...groups.values()].map(lineOf).join('\n')}`;
}

/** One line for keys that differ in their path alone. */
function lineOf(same: readonly ConfigRow[]): string {
  const [row] = same;
  if (row === undefined) return '';
  const { type, otherwise, meaning, limits, example } = row;
  const paths = same.map(({ path }) => `\`${path}\``).join(', ');
  const limit = limits === USUAL_LIMIT ? '' : limits;
  // Names and numbers of the default are no better example.
  const shown = example === otherwise ? '' : example;
  const said = `${meaning}${limit && `; ${limit}`}${shown && `. Example: ${shown}`}`;
  return `| ${[paths, type, otherwise, said].map(cell).join(' | ')} |`;
}

function keyOf(path: string): string {
  return path.split('.').at(-1) ?? path;
}

/** A "|" would end the cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
