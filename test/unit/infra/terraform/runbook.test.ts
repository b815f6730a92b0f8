import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type ModuleSource, readModule } from '#test/terraform/read-module.ts';

const RUNBOOK = join(import.meta.dirname, '../../../../docs/runbook.md');
const Titles = z.record(z.string(), z.looseObject({ title: z.string() }));

let source: ModuleSource;
let titles: ReadonlyMap<string, string>;
beforeAll(async () => {
  source = await readModule();
  const listed = ['line_alerts', 'metric_alerts'].flatMap((local) =>
    Object.entries(Titles.parse(source.locals.get(local))),
  );
  titles = new Map(listed.map(([key, { title }]) => [key, title])).set(
    'sweep-is-silent',
    'Sweep is silent',
  );
});

describe('the runbook', () => {
  it('has a section for each alert, by its title', () => {
    const headings = [...readFileSync(RUNBOOK, 'utf8').matchAll(/^## (.+)$/gm)];
    const sections = new Set(headings.map(([, title]) => title));
    expect([...titles.values()].filter((title) => !sections.has(title))).toEqual([]);
    expect(titles.size).toBe(15);
  });

  it('is linked by anchors that its titles have', () => {
    for (const [key, title] of titles) expect(title.toLowerCase().replaceAll(' ', '-')).toBe(key);
    expect(source.texts.get('alerts.tf')).toContain('#sweep-is-silent');
  });
});
