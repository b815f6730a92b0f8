import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { INPUTS_BEGIN, INPUTS_END, inputsTable } from '#test/terraform/inputs.ts';
import { type ModuleSource, readModule } from '#test/terraform/read-module.ts';

const TESTS = join(import.meta.dirname, '../../../../infra/terraform/tests');
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
