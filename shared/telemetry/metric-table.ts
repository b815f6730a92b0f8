import { type Metric, METRICS } from '#shared/core/metrics.ts';

/** The page has the table between these. */
const BEGIN = '<!-- generated: npm run docs -->';
const END = '<!-- /generated -->';

/** `page` with a row for each metric between the marks. */
export function withMetricTable(page: string): string {
  const [head = '', rest = ''] = page.split(BEGIN);
  const [, tail = ''] = rest.split(END);
  return `${head}${BEGIN}\n\n${metricTable()}\n${END}${tail}`;
}

function metricTable(): string {
  const rows = Object.entries<Metric>(METRICS).map(([name, { kind, unit, labels, meaning }]) => {
    const named = Object.entries(labels).map(
      ([label, values]) => `\`${label}\`: ${listOf(values)}`,
    );
    return `| \`${name}\` | ${kind}${unit === 's' ? ', seconds' : ''} | ${named.join('; ')} | ${meaning} |`;
  });
  return `| metric | kind | labels | meaning |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

/** Longer lists are in the code, and in other pages. */
const MAX_LISTED = 10;

function listOf(values: readonly string[]): string {
  return values.length > MAX_LISTED ? `${values.length} codes` : values.join(', ');
}
