import {
  type LineMeter,
  METRICS,
  type MetricFields,
  type MetricName,
  type Observed,
} from './metrics.ts';

export interface LogMeter extends LineMeter {
  /** Writes what no line took along. */
  flush(): void;
}

interface Observation extends Observed {
  readonly name: MetricName;
  value: number;
}

/** The message of a line that is written for its metrics alone. */
const METRICS_MESSAGE = 'Metrics';

/** A millisecond is the finest that anything here is measured in. */
const DECIMALS = 3;

/** More than requests under way leave for the lines to come. */
const MAX_WAITING = 200;

/**
 * Metrics as fields of the log, of which Cloud Logging makes metrics. They ride on the lines that a request writes
 * anyway; a line counts once for a metric, so that a second observation waits for the next line. Sums come together
 * meanwhile.
 *
 * @example
 * const meter = createLogMeter(log);
 * meter.record('verdicts', 1, { verdict: 'verified' });
 * log.info({ cluster, ...meter.ride() }, 'Task done');
 */
export function createLogMeter(log: {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
}): LogMeter {
  let waiting: Observation[] = [];

  function ride(): MetricFields {
    if (waiting.length === 0) return {};
    const taken = new Map<string, Observed>();
    const left: Observation[] = [];
    for (const one of waiting) {
      const { name, labels, value } = one;
      if (taken.has(name)) left.push(one);
      else taken.set(name, { value: Number(value.toFixed(DECIMALS)), labels });
    }
    waiting = left;
    return { metrics: Object.fromEntries(taken) };
  }

  function flush(): void {
    while (waiting.length > 0) log.info({ ...ride() }, METRICS_MESSAGE);
  }

  return {
    record(name, value, labels) {
      const isSum = METRICS[name].kind === 'sum';
      const sum = isSum
        ? waiting.find((one) => one.name === name && isSame(one.labels, labels))
        : undefined;
      if (sum !== undefined) sum.value += value;
      else waiting.push({ name, labels, value });
      if (waiting.length > MAX_WAITING) flush();
    },
    ride,
    flush,
  };
}

function isSame(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  return Object.keys(a).every((label) => a[label] === b[label]);
}
