import { type Meter, noMeter } from './metrics.ts';
import { noTracing, type Tracing } from '#shared/core/tracing.ts';

/** What a function reports of itself beside its log. None of it can fail a request, or delay it for long. */
export interface Telemetry {
  readonly tracing: Tracing;
  readonly meter: Meter;
  /** Sends what is there; resolves soon whatever becomes of it. */
  flush(): Promise<void>;
  /** Sends what is left, and stops. */
  close(): Promise<void>;
}

/** For commands, whose output is for people. */
export const noTelemetry: Telemetry = {
  tracing: noTracing,
  meter: noMeter,
  flush: async () => undefined,
  close: async () => undefined,
};

/** What telemetry needs of a log; static messages, what varies goes into `fields`. */
export interface Log {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}
