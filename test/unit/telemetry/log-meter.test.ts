import { describe, expect, it } from 'vitest';
import { createLogMeter } from '#shared/telemetry/log-meter.ts';
import { recordLog } from '#test/fakes/log.ts';

describe('createLogMeter()', () => {
  it('lets observations ride on a line, in the shape that log-based metrics read', () => {
    const { log, lines } = recordLog();
    const meter = createLogMeter(log);
    meter.record('push_to_approved', 1.23456, { reason: 'push' });
    meter.record('transitions', 1, { type: 'approved' });
    expect(meter.ride()).toEqual({
      metrics: {
        push_to_approved: { value: 1.235, labels: { reason: 'push' } },
        transitions: { value: 1, labels: { type: 'approved' } },
      },
    });
    expect(meter.ride()).toEqual({});
    meter.flush();
    expect(lines).toEqual([]);
  });

  it('has a line count once for a metric: what is observed twice takes two lines', () => {
    const { log, lines } = recordLog();
    const meter = createLogMeter(log);
    for (const value of [1, 2]) meter.record('task_duration', value, TASK);
    meter.record('sweep_duration', 3, {});
    meter.flush();
    expect(lines).toEqual([
      {
        level: 'info',
        message: 'Metrics',
        metrics: {
          task_duration: { value: 1, labels: TASK },
          sweep_duration: { value: 3, labels: {} },
        },
      },
      { level: 'info', message: 'Metrics', metrics: { task_duration: { value: 2, labels: TASK } } },
    ]);
  });

  it('adds up sums until a line takes them, one for each set of labels', () => {
    const { log } = recordLog();
    const meter = createLogMeter(log);
    for (const verb of ['list', 'list', 'patch'] as const)
      meter.record('cluster_calls', 1, { verb });
    expect([meter.ride(), meter.ride(), meter.ride()]).toEqual([
      { metrics: { cluster_calls: { value: 2, labels: { verb: 'list' } } } },
      { metrics: { cluster_calls: { value: 1, labels: { verb: 'patch' } } } },
      {},
    ]);
  });

  it('does not wait for lines that never come', () => {
    const { log, lines } = recordLog();
    const meter = createLogMeter(log);
    for (let index = 0; index < 1_000; index += 1) meter.record('task_duration', 1, TASK);
    expect(lines.length).toBeGreaterThan(700);
  });
});

const TASK = { reason: 'push', status: 'reconciled' } as const;
