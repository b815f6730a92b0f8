import { describe, expect, it } from 'vitest';
import { FAILURE_CODES } from '#shared/core/errors.ts';
import { type Metric, METRICS } from '#shared/telemetry/metrics.ts';
import { VERBS } from '#shared/fleet/pace.ts';
import { PUSH_SUBSCRIPTIONS } from '#infra/local/local-world/pubsub.ts';

const ALL: readonly (readonly [string, Metric])[] = Object.entries(METRICS);

/** Time series that one metric may become: Cloud Monitoring takes 30,000 of a log-based one, and bills each. */
const MAX_SERIES = 100;

describe('METRICS', () => {
  it.each(ALL)('%s is well named, and few time series', (name, { labels, meaning, unit, kind }) => {
    expect(name).toMatch(/^[a-z]+(?:_[a-z]+)*$/);
    expect(meaning).not.toMatch(/\.$/);
    const series = Object.values(labels).reduce((product, values) => product * values.length, 1);
    // Every failure by every route, which no fleet has at once.
    const byCode = Object.hasOwn(labels, 'code');
    expect(series).toBeLessThanOrEqual(byCode ? MAX_SERIES + FAILURE_CODES.length : MAX_SERIES);
    expect(kind === 'counter' || kind === 'sum' ? unit : '1').toBe('1');
  });

  it('have no label that distinguishes one cluster, image or person from another', () => {
    const labels = new Set(ALL.flatMap(([, metric]) => Object.keys(metric.labels)));
    expect([...labels].toSorted()).toEqual([
      'code',
      'outcome',
      'phase',
      'reason',
      'route',
      'state',
      'status',
      'type',
      'verb',
      'verdict',
    ]);
  });

  it('know the verbs of the fleet, and the routes of the subscriptions', () => {
    expect(METRICS.cluster_calls.labels.verb).toEqual(VERBS);
    expect(METRICS.retries.labels.route).toEqual(PUSH_SUBSCRIPTIONS.map(({ path }) => path));
  });
});
