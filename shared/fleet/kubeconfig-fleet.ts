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
import type { Authorization, Connection } from './connection.ts';
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
  const opened = once(() => open(options));
  const credentials = once(async () => {
    const [kubernetes, { kubeconfig }] = await Promise.all([loadKubernetes(), opened()]);
    return { kubernetes, whole: parseCredentials(kubernetes, kubeconfig) };
  });
  return {
    async list() {
      const { members } = await opened();
      return { members, unreachable: [] };
    },
    async find(cluster) {
      const { byName } = await opened();
      return byName.get(cluster);
    },
    async connect({ name }) {
      const { kubernetes, whole } = await credentials();
      return createClusterApi(name, connectContext(kubernetes, whole, name), deps);
    },
  };
}

interface Opened {
  readonly kubeconfig: Kubeconfig;
  readonly members: readonly Member[];
  readonly byName: ReadonlyMap<string, Member>;
}

async function open({ path, contexts, labels }: KubeconfigFleetOptions): Promise<Opened> {
  const kubeconfig = await readKubeconfig(path);
  const named = contexts.length === 0 ? kubeconfig.contexts : [...new Set(contexts)];
  for (const name of [...named, ...Object.keys(labels)]) {
    if (!kubeconfig.contexts.includes(name)) {
      throw new CountersignError(
        'bad-config',
        `Context ${JSON.stringify(name)} of fleet.kubeconfig is not in ${path}`,
      );
    }
  }
  const members = named.map((name) => ({ name, id: name, labels: labels[name] ?? {} }));
  return { kubeconfig, members, byName: new Map(members.map((member) => [member.name, member])) };
}

interface Kubeconfig {
  readonly path: string;
  /** As read: client-node takes the credentials from it. */
  readonly text: string;
  /** Names of its contexts, in order. */
  readonly contexts: readonly string[];
}

/** Reads the names of a kubeconfig's contexts. Throws `bad-config` that names the file. */
async function readKubeconfig(path: string): Promise<Kubeconfig> {
  const text = await readText(path);
  const parsed = kubeconfigSchema.safeParse(parseYaml(text, path));
  if (!parsed.success) {
    const { path: place, message } = parsed.error.issues[0] ?? { path: [], message: '' };
    throw badConfig(path, `has an unusable ${place.join('.')}: ${message}`, parsed.error);
  }
  const names = (parsed.data.contexts ?? []).map(({ name }) => name);
  if (names.length === 0) throw badConfig(path, 'has no contexts');
  return { path, text, contexts: [...new Set(names)] };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw badConfig(path, 'cannot be read; check fleet.kubeconfig.path', error);
  }
}

function parseYaml(text: string, path: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    // The parser's message quotes the line it stopped at, which may contain a token.
    throw badConfig(path, 'is not YAML', error);
  }
}

function badConfig(path: string, problem: string, cause?: unknown): CountersignError {
  return new CountersignError('bad-config', `Kubeconfig ${path} ${problem}`, { cause });
}

/** A whole kubeconfig, parsed once for all its contexts. */
function parseCredentials(
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
