import { type Metric, METRICS } from '#shared/telemetry/metrics.ts';
import { withGenerated } from './generated.ts';

/** `docs/observability.md` with a row for each metric. */
export function metricsPage(page: string): string {
  return withGenerated(page, metricTable());
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
