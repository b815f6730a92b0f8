import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { findMistakes } from '#test/terraform/find-mistakes.ts';
import { INPUTS_BEGIN, INPUTS_END, inputsTable } from '#test/terraform/inputs.ts';
import { PROVIDER_VERSION } from '#test/terraform/workspace.ts';
import { type ModuleSource, readModule } from '#test/terraform/read-module.ts';
import type { Schema } from '#test/terraform/schema.ts';

const TESTS = join(import.meta.dirname, '../../../../infra/terraform/tests');
const schema: Schema = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../terraform/schema.json'), 'utf8'),
);
const EXPECTED = /expect_failures = \[([^\]]*)\]/g;

let source: ModuleSource;
let validations: ReadonlyMap<string, number>;
beforeAll(async () => {
  source = await readModule();
  const counted = [...source.variables].map(([name, { validation = [] }]): [string, number] => [
    name,
    z.array(z.looseObject({ error_message: z.string().min(10) })).parse(validation).length,
  ]);
  validations = new Map(counted);
});

describe('variables', () => {
  it('all say what they are, and of what type', () => {
    const mute = [...source.variables].filter(
      ([, { description, type }]) => description === undefined || type === undefined,
    );
    expect(mute.map(([name]) => name)).toEqual([]);
    expect(source.variables.size).toBeGreaterThan(25);
  });

  it('are validated, but for switches', () => {
    const free = [...source.variables]
      .filter(([name, { type }]) => validations.get(name) === 0 && type !== '${bool}')
      .map(([name]) => name);
    // Its two fields are switches as well.
    expect(free).toEqual(['builder']);
  });

  it('have a test for each validation, which Terraform runs', () => {
    const text = readFileSync(join(TESTS, 'validations.tftest.hcl'), 'utf8');
    const refused = new Map<string, number>();
    for (const [, list = ''] of text.matchAll(EXPECTED)) {
      for (const name of list.split(',').map((item) => item.trim().replace('var.', ''))) {
        refused.set(name, (refused.get(name) ?? 0) + 1);
      }
    }
    const untested = [...validations].filter(([name, count]) => (refused.get(name) ?? 0) < count);
    expect(untested).toEqual([]);
  });
});

describe('the README of the module', () => {
  const readme = readFileSync(join(TESTS, '../README.md'), 'utf8');

  it('lists every variable', () => {
    expect(readme).toContain(`${INPUTS_BEGIN}\n\n${inputsTable(source)}\n\n${INPUTS_END}`);
  });

  it('names every file', () => {
    const unnamed = [...source.texts.keys()].filter((file) => !readme.includes(`\`${file}\``));
    // What asks for the provider, and what it gives back.
    expect(unnamed).toEqual(['outputs.tf', 'versions.tf']);
  });
});

describe('resources', () => {
  it('are all of a type that the schema has, and the schema has no other', () => {
    const used = new Set(source.resources.map(({ type }) => type));
    // Terraform's own.
    used.delete('terraform_data');
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

  it('would be warned of an attribute that there is not, of one that is missing, and of a wrong value', () => {
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
    const [, oldest = ''] =
      /version = ">= (\d+\.\d+\.\d+), < 8/.exec(source.texts.get('versions.tf') ?? '') ?? [];
    expect(oldest).toBe(PROVIDER_VERSION);
  });
});
