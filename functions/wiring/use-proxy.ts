import http from 'node:http';
import { CountersignError } from '#shared/core/errors.ts';
import type { Variables } from '#shared/net/environment.ts';
import { proxyVariables } from '#shared/net/proxy-variables.ts';

/**
 * Has `fetch` use the proxy that the environment names, as the libraries of Google do by themselves. Throws `bad-config`
 * that names the variables.
 */
export function useProxy(variables: Variables): void {
  const proxies = proxyVariables(variables);
  if (proxies['HTTPS_PROXY'] === undefined && proxies['HTTP_PROXY'] === undefined) return;
  try {
    http.setGlobalProxyFromEnv(proxies);
  } catch {
    // The message may quote the address, which may have a password.
    const message =
      'HTTPS_PROXY or HTTP_PROXY is not the address of a proxy; write http://HOST:PORT';
    throw new CountersignError('bad-config', message);
  }
}
