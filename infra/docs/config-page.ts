import { buildJsonSchema } from '#shared/config/json-schema.ts';
import { type ConfigRow, configRows } from './config-rows.ts';
import { withGenerated } from './generated.ts';

/** Said once, above the reference; the keys of an object follow it. */
const USUAL_TYPE = /^(?:text|object)$/;

/** The default is in the column beside; limits are in the schema only, for few files come near them. */
const SAID_BESIDE = / \(default\)|, at most \d+h/g;

/** A name, path, address or list of one: what the sample of the page has, or what the meaning says. */
const PLAIN_EXAMPLE = /^`\[?(?:https?:\/\/)?[\w.@/-]+\]?`$/;

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
  const { type, otherwise, meaning } = top;
  const known = `${type}, ${otherwise === 'required' ? 'required' : 'optional'}`;
  const hasDefault = type !== 'object' && !['', 'required'].includes(otherwise);
  const without = hasDefault ? ` Default: ${otherwise}.` : '';
  const intro = `### \`${key}\`\n\n${capital(known)}. ${meaning}.${without}`;
  if (rows.length === 0) return intro;
  const head = '| key | type | meaning |\n| --- | --- | --- |';
  const groups = Map.groupBy(rows, ({ path, ...same }) => JSON.stringify([keyOf(path), same]));
  return `${intro}\n\n${head}\n${[...groups.values()].map(lineOf).join('\n')}`;
}

/** One line for keys that differ in their path alone. */
function lineOf(same: readonly ConfigRow[]): string {
  const [row] = same;
  if (row === undefined) return '';
  const { type, otherwise, meaning, example } = row;
  const paths = same.map(({ path }) => `\`${path}\``).join(', ');
  const kind = USUAL_TYPE.test(type) || explains(meaning, type) ? '' : type;
  const known = otherwise === 'required' || otherwise === '' ? otherwise : `default ${otherwise}`;
  const facts = [kind, known].filter((fact) => fact !== '').join(', ');
  const shown = known.startsWith('default') || PLAIN_EXAMPLE.test(example) ? '' : example;
  const said = `${meaning.replaceAll(SAID_BESIDE, '')}${shown && `. Example: ${shown}`}`;
  return `| ${[paths, facts, said].map(cell).join(' | ')} |`;
}

/** Whether a meaning has every choice of a type, and so needs no list of them beside it. */
function explains(meaning: string, type: string): boolean {
  const choices = [...type.matchAll(/`([^`]+)`/g)].map(([, choice = '']) => choice);
  const words = meaning.split(/[^\w-]+/);
  return (
    type.startsWith('`') && !type.includes(' or ') && choices.every((one) => words.includes(one))
  );
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
