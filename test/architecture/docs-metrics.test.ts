import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { metricsPage } from '#infra/docs/metrics-page.ts';

const PAGE = new URL('../../docs/observability.md', import.meta.url);

describe('docs/observability.md', () => {
  it('lists every metric; `npm run docs` brings it up to date', async () => {
    const page = await readFile(PAGE, 'utf8');
    expect(metricsPage(page)).toBe(page);
    expect(page).toContain('| `push_to_approved` | histogram, seconds |');
  });
});
