import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { findMistakes } from '#test/terraform/find-mistakes.ts';
import { type ModuleSource, readModule } from '#test/terraform/read-module.ts';
import type { Schema } from '#test/terraform/schema.ts';

const schema: Schema = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../terraform/schema.json'), 'utf8'),
);

let source: ModuleSource;
beforeAll(async () => {
  source = await readModule();
});

describe('resources', () => {
  it('are all of a type that the schema has, and the schema has no other', () => {
    const used = new Set(source.resources.map(({ type }) => type));
    expect([...used].toSorted()).toEqual(Object.keys(schema.resources).toSorted());
  });

  it('have attributes and blocks that there are, and all that are required', () => {
    const mistakes = source.resources.flatMap(({ address, type, body }) => {
      const block = schema.resources[type];
      return block === undefined
        ? []
        : findMistakes(block, body).map((found) => `${address}: ${found}`);
    });
    expect(mistakes).toEqual([]);
  });

  it('would be told of an attribute that there is not, of one that is missing, and of a wrong value', () => {
    const block = schema.resources['google_pubsub_topic'];
    if (block === undefined) throw new Error('No schema of topics');
    const body = {
      retention: '1d',
      schema_settings: [{ encoding: 'XML' }],
      message_transform: [{}],
    };
    expect(findMistakes(block, body)).toEqual([
      'name is missing',
      'retention is unknown',
      'schema_settings.schema is missing',
      'schema_settings.encoding is "XML"',
      'message_transform is unknown',
    ]);
  });

  it('are of the provider that the module asks for', () => {
    const [, minor = ''] =
      /version = "~> (\d+\.\d+)"/.exec(source.texts.get('versions.tf') ?? '') ?? [];
    expect(z.string().parse(schema.version).startsWith(`${minor}.`)).toBe(true);
  });
});
