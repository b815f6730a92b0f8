import http from 'node:http';
import type { Config } from '#shared/config/config.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { proxyVariables } from '#shared/net/proxy-variables.ts';

/** What no proxy leads to: this machine, and Google's metadata server. */
const NEAR = ['localhost', '127.0.0.1', '::1', 'metadata.google.internal', '169.254.169.254'];

/**
 * Has everything in this process use the proxy of the config, or else the one that the environment names. `fetch` is set
 * here; each library of Google's reads a spelling of its own of the variables, so that all are set. Throws `bad-config`
 * that names the setting or the variables.
 */
export function useProxy(
  variables: Record<string, string | undefined>,
  setting: Config['proxy'] | undefined,
): void {
  const proxies = setting === undefined ? proxyVariables(variables) : variablesOf(setting);
  if (proxies['HTTPS_PROXY'] === undefined && proxies['HTTP_PROXY'] === undefined) return;
  for (const [name, value] of Object.entries(proxies)) {
    variables[name] = value;
    variables[name.toLowerCase()] = value;
  }
  try {
    http.setGlobalProxyFromEnv(proxies);
  } catch {
    // The message may quote the address, which may have a password.
    const named = setting === undefined ? 'HTTPS_PROXY or HTTP_PROXY' : '"proxy.url"';
    const message = `${named} is not the address of a proxy; write http://HOST:PORT`;
    throw new CountersignError('bad-config', message);
  }
}

function variablesOf({ url, except }: NonNullable<Config['proxy']>): Record<string, string> {
  return { HTTPS_PROXY: url, HTTP_PROXY: url, NO_PROXY: [...NEAR, ...except].join(',') };
}
