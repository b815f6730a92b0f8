import type { Log, LogFields } from '#shared/http/log.ts';

export interface LoggedLine extends LogFields {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
}

/** A log that keeps its lines, those of its children included. */
export function recordLog(): { readonly log: Log; readonly lines: LoggedLine[] } {
  const lines: LoggedLine[] = [];
  function bind(bound: LogFields): Log {
    const at =
      (level: LoggedLine['level']) =>
      (fields: LogFields, message: string): void => {
        lines.push({ ...bound, ...fields, level, message });
      };
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: (fields) => bind({ ...bound, ...fields }),
    };
  }
  return { log: bind({}), lines };
}
