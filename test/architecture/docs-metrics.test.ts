import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { withMetricTable } from '#shared/telemetry/metric-table.ts';

const PAGE = new URL('../../docs/observability.md', import.meta.url);

describe('docs/observability.md', () => {
  it('lists every metric; `npm run docs` brings it up to date', async () => {
    const page = await readFile(PAGE, 'utf8');
    expect(withMetricTable(page)).toBe(page);
    expect(page).toContain('| `push_to_approved` | histogram, seconds |');
  });
});
