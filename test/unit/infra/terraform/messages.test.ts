import { join } from 'node:path';
import { loadSync } from '@grpc/proto-loader';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { STATUS_DATA } from '#shared/status/status-data.ts';
import { TASK_REASONS, type Task } from '#shared/core/task.ts';
import { encodeEvent } from '#shared/status/encode.ts';
import { EVERY_EVENT } from '#test/fixtures/status-events.ts';

const SCHEMAS = join(import.meta.dirname, '../../../../infra/terraform/schemas');

interface Descriptor {
  readonly name: string;
  readonly field: readonly { name: string; label: string; type: string; typeName: string }[];
  readonly nestedType: readonly Descriptor[];
}
const Message: z.ZodType<Descriptor> = z.object({
  name: z.string(),
  field: z.array(
    z.object({ name: z.string(), label: z.string(), type: z.string(), typeName: z.string() }),
  ),
  get nestedType() {
    return z.array(Message);
  },
});

interface Field {
  readonly repeated: boolean;
  readonly type: string;
  readonly fields?: Fields;
}
type Fields = ReadonlyMap<string, Field>;

/** The fields of the message of a .proto file, those of messages within it too. */
function fieldsOf(file: string, name: string): Fields {
  const definition = z.looseObject({ type: Message }).parse(loadSync(join(SCHEMAS, file))[name]);
  return read(definition.type);
}

function read({ field, nestedType }: Descriptor): Fields {
  return new Map(
    field.map(({ name, label, type, typeName }) => {
      const inner = nestedType.find((nested) => typeName.split('.').at(-1) === nested.name);
      const fields = inner === undefined ? {} : { fields: read(inner) };
      return [name, { repeated: label === 'LABEL_REPEATED', type, ...fields }];
    }),
  );
}

/** What Pub/Sub would refuse of a JSON value under these fields: unknown names, and values of other types. */
function refused(value: unknown, fields: Fields, path = ''): readonly string[] {
  return Object.entries(z.record(z.string(), z.unknown()).parse(value)).flatMap(([name, given]) => {
    const place = `${path}${name}`;
    const field = fields.get(name);
    if (field === undefined) return [`${place} is unknown`];
    if (field.repeated !== Array.isArray(given)) return [`${place} is repeated, or not`];
    const items = Array.isArray(given) ? given : [given];
    return items.flatMap((item) => refusedItem(item, field, place));
  });
}

function refusedItem(item: unknown, { type, fields }: Field, place: string): readonly string[] {
  if (fields !== undefined) return refused(item, fields, `${place}.`);
  const fits =
    type === 'TYPE_STRING'
      ? typeof item === 'string'
      : typeof item === 'number' && (type === 'TYPE_DOUBLE' || Number.isInteger(item));
  return fits ? [] : [`${place} is no ${type}`];
}

describe('the schema of status events', () => {
  const status = fieldsOf('status.proto', 'Status');

  it.each(EVERY_EVENT.map((event) => [event.type, event] as const))('takes %s', (_, event) => {
    const { data } = encodeEvent(event, { source: '//countersign.dev/test', now: new Date(0) });
    expect(refused(JSON.parse(Buffer.from(data).toString('utf8')), status)).toEqual([]);
  });

  it('has every field that any event can have, and no other', () => {
    const named = new Set<string>();
    function note(schema: unknown, path: string): void {
      const { properties, items } = z
        .looseObject({
          properties: z.record(z.string(), z.unknown()).optional(),
          items: z.unknown().optional(),
        })
        .parse(schema);
      for (const [name, inner] of Object.entries(properties ?? {})) {
        named.add(`${path}${name}`);
        note(inner, `${path}${name}.`);
      }
      if (items !== undefined) note(items, path);
    }
    for (const data of Object.values(STATUS_DATA)) note(z.toJSONSchema(data), '');

    function paths(fields: Fields, path: string): readonly string[] {
      return [...fields].flatMap(([name, { fields: inner }]) => [
        `${path}${name}`,
        ...(inner === undefined ? [] : paths(inner, `${path}${name}.`)),
      ]);
    }
    expect(paths(status, '').toSorted()).toEqual([...named].toSorted());
  });

  it('refuses what is no status event', () => {
    expect(refused({ since: 'now', surprise: 1 }, status)).toEqual(['surprise is unknown']);
    expect(refused({ clusters: 1.5, errors: 'none' }, status)).toEqual([
      'clusters is no TYPE_INT32',
      'errors is repeated, or not',
    ]);
  });
});

describe('the schema of tasks', () => {
  it('takes a task with everything that it may have', () => {
    const [reason] = TASK_REASONS;
    const task: Required<Task> = {
      cluster: 'projects/p/locations/l/memberships/m',
      reason,
      image: 'r/i',
      digest: 'sha256:',
      actor: 'ops@acme.example',
      id: '1',
    };
    const fields = fieldsOf('task.proto', 'Task');
    expect(refused(task, fields)).toEqual([]);
    expect([...fields.keys()].toSorted()).toEqual(Object.keys(task).toSorted());
  });
});
