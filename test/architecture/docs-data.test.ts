import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { problemsOf } from '#test/docs/config-block.ts';
import { type Block, parsePage, readGuides, ROOT } from '#test/docs/markdown.ts';

const blocks = readGuides().flatMap((page) => page.blocks);
const written = (language: string): readonly Block[] =>
  blocks.filter((block) => block.language === language);

const message = z.object({
  attributes: z.record(z.string(), z.string()),
  data: z.record(z.string(), z.unknown()),
});
const kubernetes = z.object({ apiVersion: z.string(), kind: z.string() });

/** What is wrong with an event as a page shows it. */
function faultsOf(value: unknown): readonly unknown[] {
  const event = message.parse(value);
  const file = join(ROOT, 'shared/status/schemas', `${event.attributes['ce-type']}.json`);
  const schema: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const ajv = new Ajv2020({ allErrors: true, formats: { 'date-time': true } });
  const validate = ajv.compile(z.record(z.string(), z.unknown()).parse(schema));
  validate(event);
  return validate.errors ?? [];
}

describe('the samples in the guides', () => {
  it.each(written('json').map((block) => [`${block.page}:${block.line}`, block] as const))(
    '%s is JSON, and an event what its schema says',
    (_, block) => {
      const value: unknown = JSON.parse(block.text);
      expect(block.info === 'event' ? faultsOf(value) : []).toEqual([]);
    },
  );

  it.each(written('yaml').map((block) => [`${block.page}:${block.line}`, block] as const))(
    '%s is YAML: a config that passes, or an object of Kubernetes, or says that it is a fragment',
    async (_, block) => {
      const documents = parseAllDocuments(block.text);
      expect(documents.flatMap((document) => document.errors)).toEqual([]);
      if (block.info === 'fragment') return;
      if (documents.every((document) => kubernetes.safeParse(document.toJS()).success)) return;
      expect(await problemsOf(block)).toEqual([]);
    },
  );
});

describe('a sample of a config', () => {
  const sample = (text: string): Block => {
    const [block] = parsePage('a.md', `\`\`\`yaml\n${text}\n\`\`\``).blocks;
    if (block === undefined) throw new Error('no block');
    return block;
  };

  it.each([
    ['a key that there is not', 'sweep: { periods: 15m }'],
    ['a value that cannot be', 'gate: { identity: "two words" }'],
    ['a whole that lacks something', 'apiVersion: countersign.dev/v1'],
    ['a policy that nothing can meet', 'attestations: [{}]'],
  ])('is refused with %s', async (_, text) => {
    expect(await problemsOf(sample(text))).not.toEqual([]);
    expect(await problemsOf(sample(text))).toBeDefined();
  });

  it('is none where its keys are not those of the config', async () => {
    expect(await problemsOf(sample('metadata: { name: x }'))).toBeUndefined();
  });
});
