import { type Logger, pino } from 'pino';
import { defined } from '#shared/core/defined.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import { escapeJson } from '#shared/core/foreign-text.ts';
import type { Trace } from '#shared/core/tracing.ts';
import type { LogLevel } from './env.ts';
import { redactFields, redactText } from './redact.ts';

/** Fields of one line. `error` may be anything thrown: it is written by its code. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log with static messages: what differs between two lines is in the fields. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A log whose every line also carries `fields`. */
  child(fields: LogFields): Log;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly service: string;
  readonly revision?: string;
  /** What belongs to the line that is being written: it is grouped with its request, and shown beside its span. */
  readonly trace?: () => Trace | undefined;
  /** Of Google Cloud, where traces are to be had by a click. */
  readonly projectId?: string;
  /** Where lines go; standard output, written synchronously, so that none is lost at exit. */
  readonly stream?: { write(line: string): void };
}

const SEVERITIES: Readonly<Record<string, string>> = {
  trace: 'DEBUG',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
};

/** Longest chain of causes that is written. */
const MAX_CAUSES = 5;

/**
 * A log in the form Cloud Logging reads from standard output (docs/facts/google-cloud.md#logs-and-traces).
 *
 * @example
 * createLogger({ level: 'info', service: 'push' }).info({ port }, 'Listening');
 */
export function createLogger(options: LogOptions): Log {
  const { level, service, revision, stream, trace, projectId } = options;
  const lines = stream ?? pino.destination({ dest: 1, sync: true });
  const logger = pino(
    {
      level,
      messageKey: 'message',
      base: { 'logging.googleapis.com/labels': { function: service } },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      mixin: () => describeTrace(trace?.(), projectId),
      formatters: {
        level: (label) => ({ severity: SEVERITIES[label] ?? 'DEFAULT' }),
        log: (fields) =>
          describeError(redactFields(fields), { service, version: revision ?? 'local' }),
      },
    },
    // What others wrote is in the fields: no character of it may end a line for some reader, or rule a terminal.
    { write: (line) => lines.write(escapeJson(line)) },
  );
  return asLog(logger);
}

/** pino formats the fields of a child by itself, and once. */
function asLog(logger: Logger): Log {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields) => asLog(logger.child(redactFields(fields))),
  };
}

/** Cloud Logging's special fields; the trace is a bare id where the project is not known. */
function describeTrace(
  trace: Trace | undefined,
  projectId: string | undefined,
): Readonly<Record<string, unknown>> {
  if (trace === undefined) return {};
  const { traceId, spanId, sampled } = trace;
  return {
    'logging.googleapis.com/trace':
      projectId === undefined ? traceId : `projects/${projectId}/traces/${traceId}`,
    'logging.googleapis.com/spanId': spanId,
    'logging.googleapis.com/trace_sampled': sampled,
  };
}

/** Makes Error Reporting take a line whatever its severity: a bug is one, even where its message is retried. */
const REPORTED =
  'type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent';

/** Only an `internal` failure, a bug, has a stack and is raised in Error Reporting; the others are explained. */
function describeError(
  fields: Record<string, unknown>,
  serviceContext: { readonly service: string; readonly version: string },
): Record<string, unknown> {
  if (!('error' in fields)) return fields;
  const { error, ...rest } = fields;
  const failure = toFailure(error);
  const described = {
    ...rest,
    code: failure.code,
    retry: failure.retry,
    error: redactText(failure.message),
    ...defined({ causes: failure.cause === undefined ? undefined : causesOf(failure) }),
  };
  if (failure.code !== 'internal') return described;
  const stack = redactText(stackOf(failure));
  return { ...described, '@type': REPORTED, stack_trace: stack, serviceContext };
}

function stackOf(failure: CountersignError): string {
  const { cause } = failure;
  return (cause instanceof Error ? cause.stack : failure.stack) ?? String(cause);
}

function causesOf(failure: CountersignError): readonly string[] {
  const causes: string[] = [];
  let cause = failure.cause;
  while (cause !== undefined && cause !== null && causes.length < MAX_CAUSES) {
    causes.push(redactText(textOf(cause)));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}

function textOf(cause: unknown): string {
  if (cause instanceof CountersignError) return `${cause.code}: ${cause.message}`;
  if (cause instanceof Error) return `${cause.name}: ${cause.message}`;
  return typeof cause === 'string' ? cause : `a thrown ${typeof cause}`;
}
