import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { problemsOf } from '#test/docs/config-block.ts';
import { type Block, parsePage, readGuides } from '#test/docs/markdown.ts';

const blocks = readGuides().flatMap((page) => page.blocks);
const written = (language: string): readonly Block[] =>
  blocks.filter((block) => block.language === language);

const kubernetes = z.object({ apiVersion: z.string(), kind: z.string() });

describe('the samples in the guides', () => {
  it.each(written('json').map((block) => [`${block.page}:${block.line}`, block] as const))(
    '%s is JSON',
    (_, block) => {
      expect(() => JSON.parse(block.text)).not.toThrow();
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
