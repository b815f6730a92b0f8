import { readFileSync, writeFileSync } from 'node:fs';
import { buildJsonSchema } from './json-schema.ts';
import { referencePage, withReference } from './reference-page.ts';

// `npm run docs` brings the committed schema and its reference up to date; tests fail when they are not.
const schema = buildJsonSchema();
writeFileSync(
  new URL('./countersign.schema.json', import.meta.url),
  `${JSON.stringify(schema, null, 2)}\n`,
);
const page = new URL('../../docs/config.md', import.meta.url);
writeFileSync(page, withReference(readFileSync(page, 'utf8'), referencePage(schema)));
