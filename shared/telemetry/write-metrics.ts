import { readFileSync, writeFileSync } from 'node:fs';
import { withMetricTable } from './metric-table.ts';

// `npm run docs` brings the table up to date; a test fails when it is not.
const page = new URL('../../docs/observability.md', import.meta.url);
writeFileSync(page, withMetricTable(readFileSync(page, 'utf8')));
