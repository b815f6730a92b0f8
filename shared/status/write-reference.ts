import { readFileSync, writeFileSync } from 'node:fs';
import { eventReference, withReference } from './reference-page.ts';

// `npm run docs` brings the reference up to date; a test fails when it is not.
const page = new URL('../../docs/events.md', import.meta.url);
writeFileSync(page, withReference(readFileSync(page, 'utf8'), eventReference()));
