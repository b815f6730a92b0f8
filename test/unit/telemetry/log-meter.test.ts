import { describe, expect, it } from 'vitest';
import { createLogMeter } from '#shared/telemetry/log-meter.ts';
import { recordLog } from '#test/fakes/log.ts';

describe('createLogMeter()', () => {
  it('writes a line for each observation, in the shape that log-based metrics read', () => {
    const { log, lines } = recordLog();
    createLogMeter(log).record('push_to_approved', 1.23456, { reason: 'push' });
    expect(lines).toEqual([
      {
        level: 'info',
        message: 'Metric',
        metric: 'push_to_approved',
        value: 1.235,
        labels: { reason: 'push' },
      },
    ]);
  });

  it('keeps sums until they are flushed, one line for each set of labels', () => {
    const { log, lines } = recordLog();
    const meter = createLogMeter(log);
    for (const verb of ['list', 'list', 'patch'] as const)
      meter.record('cluster_calls', 1, { verb });
    expect(lines).toEqual([]);
    meter.flush();
    meter.flush();
    expect(lines.map(({ value, labels }) => [value, labels])).toEqual([
      [2, { verb: 'list' }],
      [1, { verb: 'patch' }],
    ]);
  });
});
