import { badRequest } from './status.ts';

/** More than any object has, and less than what is read level by level can take. The real API server stops at 10,000. */
const MAX_DEPTH = 1_000;

/** The same value; 400 where objects and lists are nested too deeply in it. */
export function requireShallow<Value>(value: Value): Value {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH)
      throw badRequest(`the body is nested too deeply: ${MAX_DEPTH} levels at most`);
    level = level.flatMap(contentsOf);
  }
  return value;
}

function contentsOf(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}
