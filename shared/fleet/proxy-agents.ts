import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { LRUCache } from 'lru-cache';
import { IDLE_CONNECTION_MS } from './limits.ts';

/** The agent whose connections go through a proxy, to servers of that protocol. */
export type ProxyAgents = (proxy: string, protocol: string) => Promise<HttpAgent>;

/** More than people have proxies. */
const MAX_AGENTS = 500;

/**
 * One pool of connections for each proxy (`http://`, `https://` or `socks5://`) that clusters have of their own.
 *
 * @example
 * const proxyAgent = createProxyAgents();
 * const agent = await proxyAgent('http://proxy.acme.example:3128', 'https:');
 */
export function createProxyAgents(): ProxyAgents {
  const agents = new LRUCache<string, HttpAgent>({
    max: MAX_AGENTS,
    dispose: (agent) => agent.destroy(),
  });
  return async (proxy, protocol) => {
    const key = `${protocol} ${proxy}`;
    const agent = agents.get(key) ?? (await createAgent(proxy, protocol));
    agents.set(key, agent);
    return agent;
  };
}

async function createAgent(proxy: string, protocol: string): Promise<HttpAgent> {
  const options = { keepAlive: true, timeout: IDLE_CONNECTION_MS };
  if (proxy.startsWith('socks5:')) {
    const { SocksProxyAgent } = await import('socks-proxy-agent');
    // With the h names are resolved there, as kubectl has it.
    return new SocksProxyAgent(proxy.replace(/^socks5:/, 'socks5h:'), options);
  }
  return protocol === 'https:'
    ? new HttpsAgent({ ...options, proxyEnv: { HTTPS_PROXY: proxy } })
    : new HttpAgent({ ...options, proxyEnv: { HTTP_PROXY: proxy } });
}
