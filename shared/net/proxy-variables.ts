import type { Variables } from './environment.ts';

const NAMES: readonly string[] = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'];

/** The variables that name a proxy, in either case, as Go and curl read them: the lower case wins. */
export function proxyVariables(variables: Variables): Variables {
  return Object.fromEntries(
    NAMES.flatMap((name) => {
      const value = variables[name.toLowerCase()] || variables[name];
      return value ? [[name, value]] : [];
    }),
  );
}
