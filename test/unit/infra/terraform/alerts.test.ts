import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { METRICS } from '#shared/telemetry/metrics.ts';
import { SEVERITIES } from '#shared/status/events.ts';
import { STATUS_DATA } from '#shared/status/status-data.ts';
import { type ModuleSource, readModule } from '#test/terraform/read-module.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const CODE = globSync('{shared,functions}/**/*.ts', { cwd: ROOT })
  .map((path) => readFileSync(join(ROOT, path), 'utf8'))
  .join('\n');

let source: ModuleSource;
beforeAll(async () => {
  source = await readModule();
});

const Alerts = z.record(
  z.string(),
  z.looseObject({
    title: z.string(),
    filter: z.string(),
    run: z.string(),
    labels: z.array(z.string()).default([]),
  }),
);

function alertsOf(local: string): z.infer<typeof Alerts> {
  return Alerts.parse(source.locals.get(local));
}

describe('log-based metrics', () => {
  it('are those that the functions publish, by kind, unit and labels', () => {
    const told = Object.entries(METRICS).map(([name, { kind, unit, labels }]) => [
      name,
      { kind, unit, labels: Object.keys(labels) },
    ]);
    expect(source.locals.get('metrics')).toEqual(Object.fromEntries(told));
  });

  it('look for the message that the functions write', () => {
    const text = source.texts.get('metrics.tf') ?? '';
    expect(text).toContain('jsonPayload.metrics.${each.key}.value:*');
  });

  it('are all that charts name', () => {
    const charts = z.array(z.looseObject({ metric: z.string(), by: z.array(z.string()) }));
    for (const { metric, by } of charts.parse(source.locals.get('charts'))) {
      const known = Object.entries(METRICS).find(([name]) => name === metric)?.[1];
      expect([metric, ...Object.keys(known?.labels ?? {})]).toEqual(
        expect.arrayContaining([metric, ...by.map((label) => label.replace('metric.label.', ''))]),
      );
      expect(known).toBeDefined();
    }
  });
});

describe('alert policies', () => {
  it('name events that there are', () => {
    const text = [...source.texts.values()].join('\n');
    const named = [...text.matchAll(/jsonPayload\.event=(?:\\"([a-z.]+)\\"|\(([^)]*)\))/g)].flatMap(
      ([, one, several = '']) =>
        one === undefined ? (several.match(/[a-z]+\.[a-z]+/g) ?? []) : [one],
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((type) => !Object.hasOwn(STATUS_DATA, type))).toEqual([]);
  });

  it('name messages that the functions log', () => {
    const text = [...source.texts.values()].join('\n');
    const named = [
      ...text.matchAll(/jsonPayload\.message=(?:\\"([^\\]+)\\"|\(([^)]*)\))/g),
    ].flatMap(([, one, several = '']) =>
      one === undefined
        ? several.split(' OR ').map((word) => word.replaceAll(/[\\"]/g, ''))
        : [one],
    );
    expect(named).toEqual(expect.arrayContaining(['Event published', 'Function cannot start']));
    expect([...new Set(named)].filter((message) => !CODE.includes(`'${message}'`))).toEqual([]);
  });

  it('name severities that events have', () => {
    const filters = Object.values(alertsOf('line_alerts')).map(({ filter }) => filter);
    const severities = filters.flatMap((filter) => filter.match(/(?<=severity>?=)[A-Z]+/g) ?? []);
    expect(severities.toSorted()).toEqual(['ERROR', 'WARNING', 'WARNING']);
    expect(SEVERITIES).toEqual(expect.arrayContaining(severities));
  });
});

describe('the message of an alert', () => {
  it('has a command, of the labels that its policy extracts', () => {
    const alerts = { ...alertsOf('line_alerts'), ...alertsOf('metric_alerts') };
    const unknown = Object.entries(alerts).filter(([, { run, labels }]) => {
      const named = [...run.matchAll(/log\.extracted_label\.([a-z]+)/g)].map(
        ([, label = '']) => label,
      );
      return (
        !/^(?:countersign|gcloud) [a-z]/.test(run) ||
        !named.every((label) => labels.includes(label))
      );
    });
    expect(unknown).toEqual([]);
    const text = source.texts.get('alerts.tf') ?? '';
    expect(text.match(/content += "Run: `[^"]*\$\{var\.runbook\}#/g)).toHaveLength(3);
  });
});

describe('the runbook', () => {
  /** Every alert by its key, which is the anchor of its section. */
  function titles(): ReadonlyMap<string, string> {
    const alerts = { ...alertsOf('line_alerts'), ...alertsOf('metric_alerts') };
    const listed = Object.entries(alerts).map(([key, { title }]): [string, string] => [key, title]);
    return new Map([...listed, ['sweep-is-silent', 'Sweep is silent']]);
  }

  it('has a section for each alert, by its title', () => {
    const headings = [
      ...readFileSync(join(ROOT, 'docs/runbook.md'), 'utf8').matchAll(/^## (.+)$/gm),
    ];
    const sections = new Set(headings.map(([, title]) => title));
    expect([...titles().values()].filter((title) => !sections.has(title))).toEqual([]);
    expect(titles().size).toBe(21);
  });

  it('is linked by anchors that its titles have', () => {
    for (const [key, title] of titles()) expect(title.toLowerCase().replaceAll(' ', '-')).toBe(key);
    expect(source.texts.get('alerts.tf')).toContain('#sweep-is-silent');
  });
});
