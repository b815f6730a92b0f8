import type * as z from 'zod';
import { encodeEvent } from '#shared/status/encode.ts';
import { ceTypeOf, severityOf, STATUS_DATA, type StatusType } from '#shared/status/events.ts';
import { TYPE_NOTES } from './event-notes.ts';
import { SAMPLES } from './event-samples.ts';
import { type JsonSchema, jsonSchemaOf } from './event-schemas.ts';
import { withGenerated } from './generated.ts';

const SOURCE = '//countersign.dev/projects/fleet-host';
const PUBLISHED_AT = new Date('2026-11-22T05:00:01Z');

/** `docs/events.md` with its reference written anew: all types, then each with its fields and a sample. */
export function eventsPage(page: string): string {
  const types = Object.keys(STATUS_DATA).filter(isType);
  const table = types.map(
    (type) =>
      `| [\`${type}\`](#${anchorOf(type)}) | ${severityOf(SAMPLES[type])} | ${TYPE_NOTES[type].when} |`,
  );
  const groups = [...Map.groupBy(types, (type) => STATUS_DATA[type])];
  const head = '| type | severity | published when |\n| --- | --- | --- |';
  return withGenerated(page, [head, ...table, '', ...groups.map(groupOf), ''].join('\n'));
}

/** Types that have the same data. */
function groupOf([data, types]: [data: z.ZodType, types: readonly StatusType[]]): string {
  const names = types.map((type) => `\`${type}\``).join(', ');
  return [
    `\n## Data of ${names}\n`,
    '| field | type | meaning |\n| --- | --- | --- |',
    ...fieldsOf(jsonSchemaOf(data)),
    ...types.map(sectionOf),
  ].join('\n');
}

function sectionOf(type: StatusType): string {
  const { when, severity, next } = TYPE_NOTES[type];
  const usual = severityOf(SAMPLES[type]);
  return [
    `\n### ${type}\n`,
    `- **When**: ${when}.`,
    `- **Severity**: ${usual}${severity === undefined ? '' : `; ${severity}`}.`,
    `- **Then**: ${next}.`,
    `- **Schema**: [${ceTypeOf(type)}](../shared/status/schemas/${ceTypeOf(type)}.json)\n`,
    '<details><summary>Sample</summary>\n',
    '```json event',
    JSON.stringify(sampleOf(type), null, 2),
    '```\n',
    '</details>',
  ].join('\n');
}

/** The message as a subscriber has it, its data decoded. */
function sampleOf(type: StatusType): object {
  const { attributes, data } = encodeEvent(SAMPLES[type], { source: SOURCE, now: PUBLISHED_AT });
  const decoded: unknown = JSON.parse(Buffer.from(data).toString());
  return { attributes, data: decoded };
}

function fieldsOf(schema: JsonSchema, path = ''): readonly string[] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    if (typeof field !== 'object') return [];
    const at = `${path}${name}`;
    const type = `${typeOf(field)}${required.has(name) ? '' : ', optional'}`;
    const items = Array.isArray(field.items) ? undefined : field.items;
    const below =
      typeof items === 'object' ? fieldsOf(items, `${at}[].`) : fieldsOf(field, `${at}.`);
    return [`| \`${at}\` | ${type} | ${plain(field.description ?? '')} |`, ...below];
  });
}

function typeOf({ type, enum: choices, format, items }: JsonSchema): string {
  if (choices !== undefined) return choices.map((choice) => `\`${String(choice)}\``).join(', ');
  if (format === 'date-time') return 'time';
  if (type === 'array') {
    const of = typeof items === 'object' && !Array.isArray(items) ? typeOf(items) : 'value';
    return `list of ${of}s`;
  }
  return type === 'string' ? 'text' : String(type);
}

/** Text that Markdown would take for HTML or for the end of a cell. */
function plain(text: string): string {
  return text.replace(/[<*|]/g, '\\$&');
}

function anchorOf(type: string): string {
  return type.replaceAll('.', '');
}

function isType(name: string): name is StatusType {
  return Object.hasOwn(STATUS_DATA, name);
}
