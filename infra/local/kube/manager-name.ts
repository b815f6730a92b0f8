import type { Cause } from './status.ts';

/** apimachinery's FieldManagerMaxLength. */
const MAX_BYTES = 128;

/** What Go's unicode.IsPrint does not take. */
const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

/** Why a text is no name of a manager; undefined: it is one. */
export function findBadManager(manager: string): Omit<Cause, 'field'> | undefined {
  if (Buffer.byteLength(manager) > MAX_BYTES) {
    const message = `Too long: may not be more than ${MAX_BYTES} bytes`;
    return { reason: 'FieldValueTooLong', message };
  }
  const [bad] = manager.matchAll(UNPRINTABLE);
  if (bad === undefined) return undefined;
  const code = (bad[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  const at = Buffer.byteLength(manager.slice(0, bad.index));
  const what = `invalid character U+${code} (at position ${at})`;
  const message = `Invalid value: ${JSON.stringify(manager)}: ${what}`;
  return { reason: 'FieldValueInvalid', message };
}

/** The manager that the real server makes of a user agent: up to its first slash, as far as it may be one. */
export function managerOfAgent(agent: string): string {
  const [program = ''] = agent.split('/');
  return Buffer.from(program.replaceAll(UNPRINTABLE, '')).subarray(0, MAX_BYTES).toString();
}
