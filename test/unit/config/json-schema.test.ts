import { isDeepStrictEqual } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { buildJsonSchema, helpFor, type JsonSchema } from '#shared/config/json-schema.ts';
import committed from '#shared/config/countersign.schema.json' with { type: 'json' };
import { BAD_CONFIGS } from './bad-configs.ts';
import { edit, fullText, localText } from './fixture.ts';

const validate = new Ajv2020({
  allErrors: true,
  strict: true,
  strictTypes: false,
  strictRequired: false,
}).compile(buildJsonSchema());

describe('the JSON Schema', () => {
  it('is the committed one', () => {
    const built: unknown = JSON.parse(JSON.stringify(buildJsonSchema()));
    if (isDeepStrictEqual(built, committed)) return;
    expect.fail(
      'countersign.schema.json is stale: npm run -s check-config -- --schema > shared/config/countersign.schema.json, then npm run format',
    );
  });

  it.each([
    ['full.yaml', fullText],
    ['full-local.yaml', localText],
  ])('accepts %s', (_name, text) => {
    validate(parseYaml(text));
    expect(validate.errors ?? []).toEqual([]);
  });

  it('refuses every key that is missing, unknown or of the wrong type', () => {
    const structural = BAD_CONFIGS.filter(
      ({ kind, path }) =>
        kind === 'unknown-key' ||
        kind === 'wrong-type' ||
        (kind === 'missing' && path !== 'access.api'),
    );
    const accepted = structural.filter(
      ({ base, before, after, path }) =>
        // Names of claims, "no authority", and a query without a bound are checked by the loader.
        !path.includes('.claims.') &&
        !(path.endsWith('.checks[3]') && before.startsWith('equals: 1')) &&
        path !== 'trust.open.authorities' &&
        validate(parseYaml(edit(base, before, after).replace('«', ''))),
    );
    expect(accepted.map(({ path }) => path)).toEqual([]);
  });

  it('refuses none and more than one where exactly one is meant', () => {
    const choices = BAD_CONFIGS.filter(
      ({ kind, path }) =>
        /^(?:fleet|store|trust\.release\.authorities\[\d\](?:\.key|\.keyless)?)$/.test(path) &&
        (kind === 'missing' || kind === 'conflict'),
    );
    expect(choices.length).toBeGreaterThan(8);
    for (const { base, before, after } of choices) {
      expect(validate(parseYaml(edit(base, before, after).replace('«', '')))).toBe(false);
    }
  });

  it('describes every key', () => {
    expect(undescribed(buildJsonSchema(), '')).toEqual([]);
  });

  it('says what is used where a key is left out', () => {
    const withDefault = [
      'registries',
      'unmatched',
      'otherSources',
      'sweep',
      'access',
      'sweep.period',
      'sweep.withdrawBrake',
      'sweep.pendingAfter',
      'sweep.blockedAfter',
      'sweep.deletingAfter',
      'gate.breakGlass',
      'fleet.kubeconfig.contexts',
    ];
    const missing = withDefault.filter((path) => fieldAt(path)?.default === undefined);
    expect(missing).toEqual([]);
  });
});

describe('helpFor()', () => {
  const schema = buildJsonSchema();

  it('finds a field through lists, records and alternatives', () => {
    expect(helpFor(['images', 3, 'effect'], schema).choices).toEqual(['gate', 'pin']);
    expect(helpFor(['trust', 'any', 'authorities', 0, 'key'], schema).keys).toEqual([
      'pem',
      'file',
      'kms',
      'hash',
    ]);
    expect(helpFor(['access', 'push', 'mode'], schema).choices).toEqual([
      'iam',
      'verify',
      'iap',
      'none',
    ]);
    expect(helpFor(['sweep', 'period'], schema).example).toBe('"15m"');
  });

  it('is empty where there is no such field', () => {
    expect(helpFor(['constructor', 'x', 0], schema)).toEqual({ choices: [], keys: [] });
  });
});

function fieldAt(path: string): JsonSchema | undefined {
  return path.split('.').reduce<JsonSchema | undefined>((place, key) => {
    const field = place?.properties?.[key];
    return typeof field === 'object' ? field : undefined;
  }, buildJsonSchema());
}

function undescribed(schema: JsonSchema, path: string): string[] {
  const fields = Object.entries(schema.properties ?? {}).flatMap(([key, field]) => {
    if (typeof field !== 'object') return [];
    const at = `${path}.${key}`;
    return [...(field.description === undefined ? [at] : []), ...undescribed(field, at)];
  });
  const { items, additionalProperties, anyOf = [], oneOf = [] } = schema;
  const parts = [items, additionalProperties, ...anyOf, ...oneOf].flat();
  return [
    ...fields,
    ...parts.flatMap((part) => (typeof part === 'object' ? undescribed(part, path) : [])),
  ];
}
