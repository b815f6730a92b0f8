/** As much of a record as names approval keys. */
export interface NamingKeys {
  readonly digest: string;
  readonly previous?: string;
  readonly passedOver?: string;
  readonly rejected: readonly string[];
}

/**
 * What is known of the keys that a record names; undefined where that is nothing.
 *
 * @example
 * namedIn(record, { [record.digest]: index })
 */
export function namedIn<Value>(
  { digest, previous, passedOver, rejected }: NamingKeys,
  values: Readonly<Record<string, Value | undefined>>,
): Readonly<Record<string, Value>> | undefined {
  const named = [...new Set([digest, previous, passedOver, ...rejected])].flatMap((key = '') => {
    const value = Object.hasOwn(values, key) ? values[key] : undefined;
    return value === undefined ? [] : [[key, value] as const];
  });
  return named.length === 0 ? undefined : Object.fromEntries(named);
}
