import { CountersignError } from '#shared/core/errors.ts';
import type { Variables } from '#shared/net/environment.ts';
import type { RegistryRule } from './host-access.ts';
import type { RegistryFetch } from './send.ts';

export interface HostFetchDeps {
  /** For hosts that have neither a CA nor a proxy of their own. */
  readonly fetch: RegistryFetch;
  readonly registries: readonly RegistryRule[];
  /** Read anew each time: a CA may be replaced. */
  readonly readFile: (path: string) => Promise<string>;
  /** `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, for a host with a CA alone. */
  readonly proxyEnv: Variables;
}

/** What connections to a registry go by. */
interface Route {
  readonly ca: string | undefined;
  readonly fetch: RegistryFetch;
}

/**
 * A `fetch` that believes the CA, and takes the proxy, of a registry's entry, for the registry itself and its token
 * servers. Of any other host it is the `fetch` that it was given.
 *
 * @example
 * const fetchOf = createHostFetch({ fetch, registries: config.registries, readFile, proxyEnv: {} });
 */
export function createHostFetch(deps: HostFetchDeps): RegistryFetch {
  const { fetch, registries } = deps;
  const own = registries.filter(({ ca, proxy }) => ca !== undefined || proxy !== undefined);
  if (own.length === 0) return fetch;
  const rules = new Map(
    own.flatMap((rule) => [rule.host, ...(rule.realms ?? [])].map((host) => [host, rule] as const)),
  );
  const routes = new Map<RegistryRule, Route>();
  return async (url, init) => {
    const rule = rules.get(url.host);
    if (rule === undefined) return fetch(url, init);
    const ca = rule.ca === undefined ? undefined : await readCa(rule.ca, rule.host, deps);
    const known = routes.get(rule);
    const route = known?.ca === ca && known !== undefined ? known : await openRoute(rule, ca, deps);
    routes.set(rule, route);
    return route.fetch(url, init);
  };
}

async function readCa(path: string, host: string, deps: HostFetchDeps): Promise<string> {
  try {
    return await deps.readFile(path);
  } catch (cause) {
    const message = `File ${JSON.stringify(path)}, "ca" of registry ${host}, cannot be read; make it readable`;
    throw new CountersignError('registry-unavailable', message, { cause });
  }
}

/** undici is loaded here: most processes never need it, and it costs a start. */
async function openRoute(
  { proxy }: RegistryRule,
  ca: string | undefined,
  { proxyEnv }: HostFetchDeps,
): Promise<Route> {
  const { EnvHttpProxyAgent, fetch } = await import('undici');
  const tls = ca === undefined ? {} : { connect: { ca }, requestTls: { ca } };
  const dispatcher = new EnvHttpProxyAgent({ ...tls, ...proxiesOf(proxy, proxyEnv) });
  return {
    ca,
    fetch: (url, { headers, redirect, signal }) =>
      fetch(url, { headers: [...headers], redirect, signal, dispatcher }),
  };
}

function proxiesOf(
  proxy: string | undefined,
  env: Variables,
): { readonly httpProxy: string; readonly httpsProxy: string; readonly noProxy: string } {
  if (proxy === 'none') return { httpProxy: '', httpsProxy: '', noProxy: '*' };
  if (proxy !== undefined) return { httpProxy: proxy, httpsProxy: proxy, noProxy: '' };
  return {
    httpProxy: env['HTTP_PROXY'] ?? '',
    httpsProxy: env['HTTPS_PROXY'] ?? '',
    noProxy: env['NO_PROXY'] ?? '',
  };
}
