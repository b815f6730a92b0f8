import type * as z from 'zod';
import { ceTypeOf, severityOf, type StatusType } from '#shared/status/events.ts';
import { STATUS_DATA } from '#shared/status/status-data.ts';
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
const COMMON = /^(?:since|errors|message)$/;

/** `docs/events.md` with its reference written anew: each kind of data with its types and its fields. */
export function eventsPage(page: string): string {
  const types = Object.keys(STATUS_DATA).filter(isType);
  const groups = [...Map.groupBy(types, (type) => STATUS_DATA[type])];
  const rows = Map.groupBy(
    groups.flatMap(([shape]) => fieldsOf(jsonSchemaOf(shape))),
    (row) => row,
  );
  const shared = new Set([...rows].flatMap(([row, same]) => (same.length > 1 ? [row] : [])));
  const sections = groups.map(([shape, those]) => groupOf(shape, those, shared));
  const last = ['### Fields of several groups\n', HEAD, ...shared].join('\n');
  return withGenerated(page, `${[...sections, last].join('\n\n')}\n`);
}

const HEAD = '| field | type | meaning |\n| --- | --- | --- |';

/** Types that have the same data. Fields that another group has too are named, and described once for all. */
function groupOf(
  shape: z.ZodType,
  types: readonly StatusType[],
  shared: ReadonlySet<string>,
): string {
  const rows = fieldsOf(jsonSchemaOf(shape));
  const own = rows.filter((row) => !shared.has(row));
  const others = rows.filter((row) => shared.has(row)).map((row) => row.split(' ')[1]);
  return [
    `### ${TITLES.get(shape) ?? types.join(', ')}\n`,
    '| type and severity | published when | what to do |\n| --- | --- | --- |',
    ...types.map(rowOf),
    ...(own.length === 0 ? [] : [`\n${HEAD}`, ...own]),
    ...(others.length === 0 ? [] : [`\nAlso ${others.join(', ')}.`]),
  ].join('\n');
}

/** A row that can be linked to: `#imageverified`. */
function rowOf(type: StatusType): string {
  const { when, severity, next } = TYPE_NOTES[type];
  const file = `../shared/status/schemas/${ceTypeOf(type)}.json`;
  const usual = severityOf(SAMPLES[type]);
  // Most events are INFO, and ask for nothing: said once, above the reference.
  const level = [usual === 'INFO' ? '' : usual, severity ?? ''].filter((one) => one !== '');
  return `| <a id="${type.replaceAll('.', '')}"></a>[\`${type}\`](${file}) ${level.join('. ')} | ${when} | ${next === 'Nothing' ? '' : next} |`;
}

function fieldsOf(schema: JsonSchema): readonly string[] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    if (typeof field !== 'object' || COMMON.test(name)) return [];
    const type = `${typeOf(field)}${required.has(name) ? '' : ', optional'}`;
    return [`| \`${name}\` | ${type} | ${plain(field.description ?? '')} |`];
  });
}

/** Longer lists are in the schema, and in other pages. */
const MAX_LISTED = 5;

function typeOf({ type, enum: choices, format, items, properties }: JsonSchema): string {
  if (choices !== undefined) {
    return choices.length > MAX_LISTED
      ? `one of ${choices.length} values`
      : choices.map((choice) => `\`${String(choice)}\``).join(', ');
  }
  if (format === 'date-time') return 'time';
  if (type === 'array') {
    const of = typeof items === 'object' && !Array.isArray(items) ? typeOf(items) : 'value';
    return `list of ${of.replace(/^[a-z]+/, '$&s')}`;
  }
  if (properties !== undefined) {
    const keys = Object.keys(properties).map((key) => `\`${key}\``);
    return `object of ${keys.join(', ')}`;
  }
  return type === 'string' ? 'text' : String(type);
}

/** Text that Markdown would take for HTML or for the end of a cell. */
function plain(text: string): string {
  return text.replace(/[<*|]/g, '\\$&');
}
