import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { ProxyAgents } from '../proxy-agents.ts';
import type { Authorization, Connection } from '../transport.ts';
import type { Plugin, PluginCredential, Plugins } from './exec-plugin.ts';
import { impersonationOf } from './impersonation.ts';
import type { KubeContext } from './read-context.ts';
import type { KubeCluster, KubeUser, Placed } from './schema.ts';

export interface ContextDeps {
  /** The path of the CA of clusters whose kubeconfig names none; absent: those that Node knows. */
  readonly ca?: string;
  readonly plugins: Plugins;
  readonly proxyAgent: ProxyAgents;
}

/** Under which name a cluster has what is meant for a plugin (client-go, `tools/clientcmd`). */
const PLUGIN_EXTENSION = 'client.authentication.k8s.io/exec';

/**
 * The connection of one context, as kubectl has it. Files are read, and plugins asked, before each attempt: what rotates
 * is used at once.
 *
 * @example
 * const connection = connectContext(readContext(config, 'edge-1'), { plugins, proxyAgent });
 */
export function connectContext(context: KubeContext, deps: ContextDeps): Connection {
  const { cluster, user } = context;
  const url = new URL(cluster.value.server);
  url.search = '';
  url.hash = '';
  const server = url.href.replace(/\/+$/, '');
  const proxyUrl = cluster.value['proxy-url'];

  /** What every call sends to the cluster, and the credentials of its user. */
  async function authorize(): Promise<Authorization> {
    const tls = await tlsOf(cluster, deps.ca);
    const proxy = proxyUrl === '' ? undefined : await deps.proxyAgent(proxyUrl, url.protocol);
    const shared = defined({ proxy });
    if (user === undefined) return { headers: {}, tls, ...shared };
    const headers = impersonationOf(user.value);
    const pair = await pairOf(user);
    const token = await tokenOf(user);
    const written = token === '' ? basicOf(user.value) : `Bearer ${token}`;
    const { exec } = user.value;
    // As in kubectl, a plugin is asked where nothing else is there.
    if (!exec || written !== undefined || pair !== undefined) {
      const all = { ...headers, ...defined({ Authorization: written }) };
      return { headers: all, tls: { ...tls, ...pair }, ...shared };
    }
    const plugin = await pluginOf(exec, user, context);
    return withCredential(await deps.plugins.get(plugin));

    function withCredential(given: PluginCredential): Authorization {
      const { token: granted, cert, key } = given;
      const bearer = granted === undefined ? undefined : `Bearer ${granted}`;
      return {
        headers: { ...headers, ...defined({ Authorization: bearer }) },
        tls: { ...tls, ...defined({ cert, key }) },
        ...shared,
        renew: async () => {
          const newer = await deps.plugins.renew(plugin, given);
          return newer === given ? undefined : withCredential(newer);
        },
      };
    }
  }

  return { server, authorize };
}

async function tlsOf(
  { folder, value }: Placed<KubeCluster>,
  usual: string | undefined,
): Promise<NonNullable<Authorization['tls']>> {
  const servername = value['tls-server-name'] || undefined;
  const own = await contentOf(folder, value, 'certificate-authority');
  const ca =
    own ?? (usual === undefined ? undefined : await read('', usual, 'fleet.kubeconfig.ca'));
  // Absent, so that Node verifies.
  const rejectUnauthorized = value['insecure-skip-tls-verify'] ? false : undefined;
  return defined({ servername, ca, rejectUnauthorized });
}

async function pairOf({
  folder,
  value,
}: Placed<KubeUser>): Promise<{ readonly cert: string; readonly key: string } | undefined> {
  const cert = await contentOf(folder, value, 'client-certificate');
  // A key alone is of no use, and is not looked for.
  if (cert === undefined) return undefined;
  const key = await contentOf(folder, value, 'client-key');
  return key === undefined ? undefined : { cert, key };
}

function basicOf({ username, password }: KubeUser): string | undefined {
  if (username === '') return undefined;
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** The file's token where there is one, else the one that is written out. */
async function tokenOf({ folder, value }: Placed<KubeUser>): Promise<string> {
  if (value.tokenFile === '') return value.token;
  const text = await read(folder, value.tokenFile, 'tokenFile').catch((error: unknown) => {
    if (value.token === '') throw error;
    return '';
  });
  return text.trim() || value.token;
}

/** What `FIELD-data` has, or the file that `FIELD` names; undefined where there is neither. */
function contentOf<Field extends string>(
  folder: string,
  value: Readonly<Record<Field | `${Field}-data`, string>>,
  field: Field,
): Promise<string | undefined> | string | undefined {
  const data = value[`${field}-data`];
  if (data !== '') return data;
  const path = value[field];
  return path === '' ? undefined : read(folder, path, field);
}

async function read(folder: string, path: string, field: string): Promise<string> {
  const whole = resolve(folder, path);
  try {
    return await readFile(whole, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    const message = `File ${JSON.stringify(whole)} of ${field} cannot be read${code}`;
    throw new CountersignError('cluster-unreachable', message, { cause });
  }
}

async function pluginOf(
  exec: NonNullable<KubeUser['exec']>,
  { folder }: Placed<KubeUser>,
  { cluster }: KubeContext,
): Promise<Plugin> {
  // With a slash it is a path, beside its kubeconfig; without one it is looked for in PATH.
  const command = exec.command.includes('/') ? resolve(folder, exec.command) : exec.command;
  if (!exec.provideClusterInfo) return { command, exec };
  return { command, exec, cluster: await clusterInfo(cluster) };
}

/** `spec.cluster` of an ExecCredential: what is empty is left out. */
async function clusterInfo({
  folder,
  value,
}: Placed<KubeCluster>): Promise<Plugin['cluster'] & object> {
  const ca = await contentOf(folder, value, 'certificate-authority');
  const config = value.extensions?.find(({ name }) => name === PLUGIN_EXTENSION)?.extension;
  return defined({
    server: value.server,
    'tls-server-name': value['tls-server-name'] || undefined,
    'insecure-skip-tls-verify': value['insecure-skip-tls-verify'] || undefined,
    'certificate-authority-data': ca === undefined ? undefined : Buffer.from(ca).toString('base64'),
    'proxy-url': value['proxy-url'] || undefined,
    'disable-compression': value['disable-compression'] || undefined,
    config,
  });
}
