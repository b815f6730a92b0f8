import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { configPage } from '#infra/docs/config-page.ts';
import { configRows } from '#infra/docs/config-rows.ts';
import { SAMPLES } from '#infra/docs/event-samples.ts';
import { statusJsonSchemas } from '#infra/docs/event-schemas.ts';
import { eventsPage } from '#infra/docs/events-page.ts';
import { buildJsonSchema } from '#shared/config/json-schema.ts';
import { eventIdOf } from '#shared/status/encode.ts';
import { STATUS_DATA } from '#shared/status/status-data.ts';
import { ROOT } from '#test/docs/markdown.ts';
import { readSources } from './sources.ts';

function page(name: string): string {
  return readFileSync(join(ROOT, 'docs', name), 'utf8');
}

describe('docs/config.md', () => {
  const rows = configRows(buildJsonSchema());

  it('is what `npm run docs` writes', () => {
    expect(page('config.md')).toBe(configPage(page('config.md')));
  });

  it('says of every key what it means', () => {
    expect(rows.length).toBeGreaterThan(60);
    expect(rows.filter(({ meaning, type }) => meaning === '' || type === '')).toEqual([]);
  });

  it('shows an example of every value that is not one of a few', () => {
    const free = rows.filter(({ type }) => /\btexts?\b|number/.test(type));
    const shown = new Set(free.filter(({ example }) => example !== '').map(({ path }) => path));
    // A key in PEM, and hosts, which have one in the list above them.
    const without = free.map(({ path }) => path).filter((path) => !shown.has(path));
    expect(without.filter((path) => !/\.pem$|\.realms$/.test(path))).toEqual([]);
  });

  it('says what holds where a key that has a default is left out', () => {
    const otherwise = Object.fromEntries(rows.map((row) => [row.path, row.otherwise]));
    expect(otherwise).toMatchObject({
      unmatched: '`deny`',
      'sweep.period': '`15m`',
      'images[].effect': '`pin`',
      'trust.<name>.require': 'all of them',
      'trust.<name>.authorities[].transparencyLog': '`ignore`',
      'topics.status': 'required',
    });
  });

  it('names for which modes a key of access is', () => {
    const [mode] = rows.filter(({ path }) => path === 'access.push.mode');
    expect(mode?.type).toBe('`iam`, `verify`, `iap`, `none`');
    const [emails] = rows.filter(({ path }) => path === 'access.push.emails');
    expect(emails?.meaning).toContain('(`iam`, `verify`, `iap`)');
  });

  it('has every variable that functions read', () => {
    const [env] = readSources('shared/http/env.ts');
    const variables = [...(env?.text ?? '').matchAll(/^ {2}([A-Z][A-Z_]+): z/gm)].map(
      ([, name = '']) => name,
    );
    expect(variables.length).toBeGreaterThan(8);
    expect(variables.filter((name) => !page('config.md').includes(`\`${name}\``))).toEqual([]);
  });
});

describe('docs/events.md and its schemas', () => {
  it('is what `npm run docs` writes', () => {
    expect(page('events.md')).toBe(eventsPage(page('events.md')));
  });

  it.each(Object.keys(STATUS_DATA))('has a row of %s, with its schema', (type) => {
    const file = `../shared/status/schemas/dev.countersign.${type}.v1.json`;
    expect(page('events.md')).toContain(`[\`${type}\`](${file})`);
  });

  it.each(Object.entries(statusJsonSchemas()))('%s shows a sample that it accepts', (_, schema) => {
    const ajv = new Ajv2020({ allErrors: true, formats: { 'date-time': true } });
    const validate = ajv.compile(schema);
    const [sample] = z.array(z.unknown()).parse(schema.examples);
    validate(sample);
    expect(validate.errors).toBeNull();
  });

  it('shows as many different events as there are types', () => {
    const ids = Object.values(SAMPLES).map(eventIdOf);
    expect(new Set(ids).size).toBe(Object.keys(STATUS_DATA).length);
  });
});
