import { readFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import type { RequestOptions } from 'node:https';
import { dirname } from 'node:path';
import type * as Kubernetes from '@kubernetes/client-node';
import { parse } from 'yaml';
import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import { once } from '#shared/net/single-flight.ts';
import { type ClientDeps, createClusterApi, loadKubernetes } from './client.ts';
import type { Authorization, Connection } from './transport.ts';
import type { Fleet, Member } from './fleet.ts';

/** The parts of a kubeconfig that name members; credentials are read by client-node. */
const kubeconfigSchema = z.object({
  contexts: z.array(z.object({ name: z.string().min(1) })).nullish(),
});

/** `fleet.kubeconfig` of the config file. */
export interface KubeconfigFleetOptions {
  readonly path: string;
  /** Which contexts are members; none: all. */
  readonly contexts: readonly string[];
  /** Labels by context: a kubeconfig has none of its own. */
  readonly labels: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/**
 * The fleet of a kubeconfig: each context is a member, under its own name. The file is read once, at the first call;
 * a changed one takes a restart. A missing file or context throws `bad-config` that names it.
 *
 * @example
 * const fleet = createKubeconfigFleet({ path: '/etc/countersign/kubeconfig', contexts: [], labels: {} }, deps);
 * const { members } = await fleet.list();
 */
export function createKubeconfigFleet(options: KubeconfigFleetOptions, deps: ClientDeps): Fleet {
  const { path } = options;
  const opened = once(async () => {
    const text = await readFile(path, 'utf8').catch((cause: unknown) => {
      throw badConfig(path, 'cannot be read; check fleet.kubeconfig.path', cause);
    });
    const members = membersOf(options, readContexts(path, text));
    return { text, members, byName: new Map(members.map((member) => [member.name, member])) };
  });
  /** The whole kubeconfig, parsed once for all its contexts. */
  const credentials = once(async () => {
    const [kubernetes, { text }] = await Promise.all([loadKubernetes(), opened()]);
    const whole = new kubernetes.KubeConfig();
    try {
      whole.loadFromString(text);
    } catch (cause) {
      throw badConfig(path, 'cannot be used', cause);
    }
    whole.makePathsAbsolute(dirname(path));
    return { kubernetes, whole };
  });
  return {
    list: async () => ({ members: (await opened()).members, unreachable: [] }),
    find: async (cluster) => (await opened()).byName.get(cluster),
    async connect({ name }) {
      const { kubernetes, whole } = await credentials();
      return createClusterApi(name, connectContext(kubernetes, whole, name), deps);
    },
  };
}

/** Names of the contexts in a kubeconfig, in order. Throws `bad-config` that names the file. */
export function readContexts(path: string, text: string): readonly string[] {
  const { data, error } = kubeconfigSchema.safeParse(parseYaml(text, path));
  if (error !== undefined) {
    const { path: place, message } = error.issues[0] ?? { path: [], message: '' };
    throw badConfig(path, `has an unusable ${place.join('.')}: ${message}`, error);
  }
  const names = new Set(data.contexts?.map(({ name }) => name));
  if (names.size === 0) throw badConfig(path, 'has no contexts');
  return [...names];
}

function parseYaml(text: string, path: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    // The parser's message quotes the line it stopped at, which may contain a token.
    throw badConfig(path, 'is not YAML', error);
  }
}

function membersOf(
  { path, contexts, labels }: KubeconfigFleetOptions,
  known: readonly string[],
): readonly Member[] {
  const named = contexts.length === 0 ? known : [...new Set(contexts)];
  const missing = [...named, ...Object.keys(labels)].find((name) => !known.includes(name));
  if (missing !== undefined) {
    throw badContext(missing, `of fleet.kubeconfig is not in ${path}`);
  }
  return named.map((name) => ({ name, id: name, labels: labels[name] ?? {} }));
}

function badConfig(path: string, problem: string, cause?: unknown): CountersignError {
  return new CountersignError('bad-config', `Kubeconfig ${path} ${problem}`, { cause });
}

/**
 * The connection of one context: client-node obtains the credentials (tokens, certificates, exec plugins, OIDC), and
 * refreshes them. Throws `bad-config` that names the context.
 */
function connectContext(
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
