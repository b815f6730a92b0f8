import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { costPage } from './page.ts';

// `npx node test/bench/cost/write-page.ts`: writes the tables of docs/performance.md that the model makes.
const path = join(import.meta.dirname, '../../../docs/performance.md');
writeFileSync(path, costPage(readFileSync(path, 'utf8')));
