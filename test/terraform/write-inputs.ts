import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { INPUTS_BEGIN, INPUTS_END, inputsTable } from './inputs.ts';
import { readModule } from './read-module.ts';

// `npx node test/terraform/write-inputs.ts`: writes the table of variables into the module's README.
const path = join(import.meta.dirname, '../../infra/terraform/README.md');
const text = readFileSync(path, 'utf8');
const head = text.slice(0, text.indexOf(INPUTS_BEGIN) + INPUTS_BEGIN.length);
const tail = text.slice(text.indexOf(INPUTS_END));
writeFileSync(path, `${head}\n\n${inputsTable(await readModule())}\n\n${tail}`);
