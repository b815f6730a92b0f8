import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { buildJsonSchema } from '#shared/config/json-schema.ts';
import { configPage } from './config-page.ts';
import { statusJsonSchemas } from './event-schemas.ts';
import { eventsPage } from './events-page.ts';
import { metricsPage } from './metrics-page.ts';
import { outputJsonSchemas } from './output-schemas.ts';

// `npm run docs` brings the committed schemas and the generated parts of pages up to date; tests fail when they are not.
const root = new URL('../../', import.meta.url);

function writeSchema(path: string, schema: object): void {
  writeFileSync(new URL(path, root), `${JSON.stringify(schema, null, 2)}\n`);
}

function rewrite(path: string, rewritten: (page: string) => string): void {
  const page = new URL(path, root);
  writeFileSync(page, rewritten(readFileSync(page, 'utf8')));
}

writeSchema('shared/config/countersign.schema.json', buildJsonSchema());
mkdirSync(new URL('shared/status/schemas/', root), { recursive: true });
for (const [file, schema] of Object.entries(statusJsonSchemas())) {
  writeSchema(`shared/status/schemas/${file}`, schema);
}
for (const [file, schema] of Object.entries(outputJsonSchemas())) {
  writeSchema(`functions/cli/schemas/${file}`, schema);
}
rewrite('docs/config.md', configPage);
rewrite('docs/events.md', eventsPage);
rewrite('docs/observability.md', metricsPage);
