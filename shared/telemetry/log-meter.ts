import { type Meter, METRICS, type MetricName } from './metrics.ts';

export interface LogMeter extends Meter {
  /** Writes the sums that have come together. */
  flush(): void;
}

interface Sum {
  readonly name: MetricName;
  readonly labels: Readonly<Record<string, string>>;
  value: number;
}

/** The message of every metric's line: what log-based metrics look for, beside `metric`. */
export const METRIC_MESSAGE = 'Metric';

/** A millisecond is the finest that anything here is measured in. */
const DECIMALS = 3;

/**
 * Metrics as lines of the log, one for each observation: Cloud Logging makes metrics of them, and nothing is kept here
 * but sums, which would otherwise be a line for each call.
 *
 * @example
 * createLogMeter(log).record('verdicts', 1, { verdict: 'verified' });
 */
export function createLogMeter(log: {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
}): LogMeter {
  const sums = new Map<string, Sum>();
  function write({ name, labels, value }: Sum): void {
    const rounded = Number(value.toFixed(DECIMALS));
    log.info({ metric: name, value: rounded, labels }, METRIC_MESSAGE);
  }
  return {
    record(name, value, labels) {
      if (METRICS[name].kind !== 'sum') {
        write({ name, labels, value });
        return;
      }
      const key = JSON.stringify([name, labels]);
      const sum = sums.get(key) ?? { name, labels, value: 0 };
      sum.value += value;
      sums.set(key, sum);
    },
    flush() {
      for (const sum of sums.values()) write(sum);
      sums.clear();
    },
  };
}
