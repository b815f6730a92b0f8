import { pino } from 'pino';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import type { LogLevel } from './env.ts';
import { REDACTED, redactText, SECRET_PATHS } from './redact.ts';
import type { Trace } from './trace.ts';

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

/** A log in the form Cloud Logging reads from standard output (facts/google-cloud.md section 10). */
export function createLogger({ level, service, revision, stream }: LogOptions): Log {
  return pino(
    {
      level,
      messageKey: 'message',
      base: { 'logging.googleapis.com/labels': { function: service } },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      redact: { paths: [...SECRET_PATHS], censor: REDACTED },
      formatters: {
        level: (label) => ({ severity: SEVERITIES[label] ?? 'DEFAULT' }),
        log: (fields) => describeError(fields, { service, version: revision ?? 'local' }),
      },
    },
    stream ?? pino.destination({ dest: 1, sync: true }),
  );
}

/** The log of one request: its lines are grouped with the request's own in Cloud Logging. */
export function logWithTrace(
  log: Log,
  trace: Trace | undefined,
  projectId: string | undefined,
): Log {
  if (trace === undefined) return log;
  return log.child({
    'logging.googleapis.com/trace':
      projectId === undefined ? trace.traceId : `projects/${projectId}/traces/${trace.traceId}`,
    'logging.googleapis.com/spanId': trace.spanId,
    'logging.googleapis.com/trace_sampled': trace.sampled,
  });
}

/** Only an `internal` failure, a bug of ours, has a stack and is raised in Error Reporting; the others are explained. */
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
    ...(failure.cause === undefined ? {} : { causes: causesOf(failure) }),
  };
  if (failure.code !== 'internal') return described;
  return { ...described, stack_trace: redactText(stackOf(failure)), serviceContext };
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
