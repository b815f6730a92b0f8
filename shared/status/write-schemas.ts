import { mkdirSync, writeFileSync } from 'node:fs';
import { statusJsonSchemas } from './json-schemas.ts';

// `npm run docs` brings the committed schemas up to date; a test fails when they are not.
const folder = new URL('./schemas/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [file, schema] of Object.entries(statusJsonSchemas())) {
  writeFileSync(new URL(file, folder), `${JSON.stringify(schema, null, 2)}\n`);
}
