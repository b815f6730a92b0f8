import type * as z from 'zod';
import { ceTypeOf, severityOf, STATUS_DATA, type StatusType } from '#shared/status/events.ts';
import * as data from '#shared/status/schema.ts';
import { TYPE_NOTES } from './event-notes.ts';
import { SAMPLES } from './event-samples.ts';
import { isType, type JsonSchema, jsonSchemaOf } from './event-schemas.ts';
import { withGenerated } from './generated.ts';

const TITLES: ReadonlyMap<z.ZodType, string> = new Map<z.ZodType, string>([
  [data.ImageData, 'Images'],
  [data.SyncData, 'RSyncs'],
  [data.ClusterData, 'Clusters'],
  [data.ResyncData, 'Resyncs'],
  [data.FreezeData, 'Freezes'],
  [data.RolloutData, 'Roll-outs'],
  [data.HoldData, 'Holds'],
  [data.SweepData, 'Sweeps'],
  [data.BrakeData, 'The brake'],
  [data.UncheckedData, 'Approvals that cannot be checked'],
]);

/** Fields that every event has: described once, above the reference. */
const COMMON = /^(?:since|errors(?:\[\]\..*)?|message)$/;

/** `docs/events.md` with its reference written anew: each kind of data with its types and its fields. */
export function eventsPage(page: string): string {
  const types = Object.keys(STATUS_DATA).filter(isType);
  const groups = [...Map.groupBy(types, (type) => STATUS_DATA[type])];
  return withGenerated(page, `${groups.map(groupOf).join('\n\n')}\n`);
}

/** Types that have the same data. */
function groupOf([shape, types]: [shape: z.ZodType, types: readonly StatusType[]]): string {
  return [
    `### ${TITLES.get(shape) ?? types.join(', ')}\n`,
    '| type | severity | published when | what to do |\n| --- | --- | --- | --- |',
    ...types.map(rowOf),
    '\n| field | type | meaning |\n| --- | --- | --- |',
    ...fieldsOf(jsonSchemaOf(shape)),
  ].join('\n');
}

/** A row that can be linked to: `#imageverified`. */
function rowOf(type: StatusType): string {
  const { when, severity, next } = TYPE_NOTES[type];
  const file = `../shared/status/schemas/${ceTypeOf(type)}.json`;
  const usual = severityOf(SAMPLES[type]);
  const level = severity === undefined ? usual : `${usual}. ${severity}`;
  return `| <a id="${type.replaceAll('.', '')}"></a>[\`${type}\`](${file}) | ${level} | ${when} | ${next} |`;
}

function fieldsOf(schema: JsonSchema, path = ''): readonly string[] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const at = `${path}${name}`;
    if (typeof field !== 'object' || COMMON.test(at)) return [];
    const type = `${typeOf(field)}${required.has(name) ? '' : ', optional'}`;
    const items = Array.isArray(field.items) ? undefined : field.items;
    const below =
      typeof items === 'object' ? fieldsOf(items, `${at}[].`) : fieldsOf(field, `${at}.`);
    return [`| \`${at}\` | ${type} | ${plain(field.description ?? '')} |`, ...below];
  });
}

/** Longer lists are in the schema, and in other pages. */
const MAX_LISTED = 5;

function typeOf({ type, enum: choices, format, items }: JsonSchema): string {
  if (choices !== undefined) {
    return choices.length > MAX_LISTED
      ? `one of ${choices.length} values`
      : choices.map((choice) => `\`${String(choice)}\``).join(', ');
  }
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
