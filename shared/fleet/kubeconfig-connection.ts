import { Agent } from 'node:http';
import type { RequestOptions } from 'node:https';
import { dirname } from 'node:path';
import type * as Kubernetes from '@kubernetes/client-node';
import { CountersignError } from '#shared/core/errors.ts';
import type { Authorization, Connection } from './connection.ts';
import type { Kubeconfig } from './read-kubeconfig.ts';

/** A whole kubeconfig, parsed once for all its contexts. */
export function parseCredentials(
  kubernetes: typeof Kubernetes,
  { path, text }: Kubeconfig,
): Kubernetes.KubeConfig {
  const config = new kubernetes.KubeConfig();
  try {
    config.loadFromString(text);
  } catch (error) {
    throw new CountersignError('bad-config', `Kubeconfig ${path} cannot be used`, { cause: error });
  }
  config.makePathsAbsolute(dirname(path));
  return config;
}

/**
 * The connection of one context: client-node obtains the credentials (tokens, certificates, exec plugins, OIDC), and
 * refreshes them. Throws `bad-config` that names the context.
 */
export function connectContext(
  kubernetes: typeof Kubernetes,
  whole: Kubernetes.KubeConfig,
  name: string,
): Connection {
  const context = whole.getContextObject(name);
  const cluster = context === null ? null : whole.getCluster(context.cluster);
  if (context === null || cluster === null) throw badContext(name, 'names no cluster');
  if (cluster.server.startsWith('http:') && !cluster.skipTLSVerify) {
    throw badContext(name, 'has an http server; set insecure-skip-tls-verify if that is meant');
  }
  // client-node ignores a cluster's CA where there is no user.
  const user = whole.getUser(context.user) ?? { name: 'anonymous' };
  const config = new kubernetes.KubeConfig();
  config.loadFromOptions({
    clusters: [cluster],
    users: [user],
    contexts: [{ ...context, name, user: user.name }],
    currentContext: name,
  });
  return {
    server: cluster.server,
    async authorize() {
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      return readOptions(options, cluster.proxyUrl !== undefined);
    },
  };
}

function readOptions(options: RequestOptions, proxied: boolean): Authorization {
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
  const tls = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername };
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = String(value);
  if (typeof options.auth === 'string') {
    headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  const proxy = proxied && options.agent instanceof Agent ? { proxy: options.agent } : {};
  return { headers, tls, ...proxy };
}

function badContext(name: string, problem: string): CountersignError {
  return new CountersignError('bad-config', `Context ${JSON.stringify(name)} ${problem}`);
}
