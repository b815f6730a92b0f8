import { branchesOf, isSchema, type JsonSchema } from '#shared/config/json-schema.ts';

/** One key of the file, as the reference shows it. */
export interface ConfigRow {
  /** `trust.<name>.authorities[].key.pem`. */
  readonly path: string;
  readonly type: string;
  /** `required`, the value that is used without the key, or nothing. */
  readonly otherwise: string;
  readonly meaning: string;
  /** As it is written in YAML's flow style. */
  readonly example: string;
}

/** Every key below `schema`, in the order of the schema. */
export function configRows(schema: JsonSchema, path = ''): readonly ConfigRow[] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([key, field]) => {
    if (typeof field !== 'object') return [];
    const at = path === '' ? key : `${path}.${key}`;
    return [rowOf(field, at, required.has(key)), ...rowsBelow(field, at)];
  });
}

function rowsBelow(schema: JsonSchema, path: string): readonly ConfigRow[] {
  const { items, additionalProperties: others } = schema;
  const alternatives = branchesOf(schema);
  // A value without keys beside one with keys needs no word on which of them has a key.
  const [only, ...more] = alternatives.filter(({ properties }) => properties !== undefined);
  if (alternatives.length > 1 && only !== undefined && more.length === 0) {
    return configRows(only, path);
  }
  if (alternatives.length > 1) return rowsOfAlternatives(alternatives, path);
  if (isSchema(items)) return rowsBelow(items, `${path}[]`);
  if (isSchema(others)) return rowsBelow(others, `${path}.<name>`);
  return configRows(schema, path);
}

/** Alternatives that one key distinguishes: a key that some of them lack says for which it is, and is required there alone. */
function rowsOfAlternatives(
  alternatives: readonly JsonSchema[],
  path: string,
): readonly ConfigRow[] {
  const rows = alternatives.flatMap((shape) =>
    configRows(shape, path).map((row) => ({ row, kind: kindOf(shape) })),
  );
  return [...Map.groupBy(rows, ({ row }) => row.path).values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const join = (field: keyof ConfigRow): string =>
      [...new Set(same.map(({ row }) => row[field]).filter((text) => text !== ''))].join('; ');
    if (same.every(({ row }) => row.type.startsWith('`'))) {
      const types = [...new Set(same.map(({ row }) => row.type))].join(', ');
      const meanings = same.map(({ row }) => `${row.type}: ${row.meaning}`);
      return [{ ...first.row, type: types, meaning: meanings.join('; '), example: '' }];
    }
    const kinds = same.flatMap(({ kind }) => (kind === undefined ? [] : [`\`${kind}\``]));
    const some = same.length < alternatives.length;
    const named = some && kinds.length > 0;
    const meaning = named ? `${join('meaning')} (${kinds.join(', ')})` : join('meaning');
    // What lies deeper is required where the key above it is.
    const isChoice = some && !first.row.path.slice(path.length + 1).includes('.');
    const otherwise = isChoice ? join('otherwise').replace('required', '') : join('otherwise');
    return [{ ...first.row, meaning, otherwise, example: join('example') }];
  });
}

function rowOf(schema: JsonSchema, path: string, required: boolean): ConfigRow {
  const { description = '' } = schema;
  const [, said = ''] = SAID_DEFAULT.exec(description) ?? [];
  const [, first] = FIRST_DEFAULT.exec(description) ?? [];
  const stated = first === undefined ? said : `\`${first}\``;
  return {
    path,
    type: typeOf(schema),
    otherwise: required ? 'required' : defaultOf(schema) || stated,
    meaning: plain(description.replace(SAID_DEFAULT, '')),
    example: exampleOf(schema),
  };
}

/** Descriptions say the default as well, for editors: the reference has a column for it. */
const SAID_DEFAULT = /\s*\(default:? ([^)]+)\)/;
const FIRST_DEFAULT = /([a-z-]+) \(default\)/;

/** Text that Markdown would take for emphasis or HTML. */
function plain(text: string): string {
  return text.replace(/[*<]/g, '\\$&');
}

function typeOf(schema: JsonSchema): string {
  const choices = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  if (choices !== undefined) return choices.map((choice) => `\`${String(choice)}\``).join(', ');
  const shapes = branchesOf(schema);
  if (shapes.length > 1) return [...new Set(shapes.map(typeOf))].join(' or ');
  const { type, items, additionalProperties: others } = schema;
  if (type === 'array') return isSchema(items) ? `list of ${plural(typeOf(items))}` : 'list';
  if (isSchema(others)) return `map of ${plural(typeOf(others))}`;
  return type === 'object' ? 'object' : (NAMES[String(type)] ?? String(type));
}

const NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'boolean',
  integer: 'whole number',
};

function plural(type: string): string {
  return type === 'text' || type === 'object' ? `${type}s` : type;
}

function defaultOf(schema: JsonSchema): string {
  const { default: value } = schema;
  if (value === undefined || ['{}', '[]'].includes(JSON.stringify(value))) return '';
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function exampleOf(schema: JsonSchema): string {
  const [example] = Array.isArray(schema.examples) ? (schema.examples as readonly unknown[]) : [];
  if (example === undefined) return '';
  return `\`${typeof example === 'string' ? example : flow(example)}\``;
}

/** YAML in flow style, for the small values of examples. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const pairs = Object.entries(value).map(([key, one]) => `${key}: ${flow(one)}`);
  return `{ ${pairs.join(', ')} }`;
}

/** The value that distinguishes an alternative from its siblings. */
function kindOf({ properties = {} }: JsonSchema): string | undefined {
  const [kind] = Object.values(properties).flatMap((field) =>
    typeof field === 'object' && typeof field.const === 'string' ? [field.const] : [],
  );
  return kind;
}
