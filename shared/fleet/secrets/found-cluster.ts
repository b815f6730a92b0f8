import { type KubeContext, readContext } from '../kubeconfig/read-context.ts';
import { toKubeconfig } from '../kubeconfig/read-kubeconfig.ts';
import type { Kubeconfig } from '../kubeconfig/schema.ts';
import type { Member } from '../fleet.ts';

/** A cluster that a Secret says how to reach. */
export interface FoundCluster {
  readonly member: Member;
  /** Of the Secret: `NAMESPACE/NAME`. */
  readonly secret: string;
  readonly config: Kubeconfig;
  /** Name of its context there. */
  readonly context: string;
}

/** One cluster, one user and one context of these names, each written as in a kubeconfig. */
export function configOf(
  name: string,
  cluster: Readonly<Record<string, unknown>>,
  user: Readonly<Record<string, unknown>>,
): Kubeconfig {
  return toKubeconfig(`of cluster ${JSON.stringify(name)}`, '', {
    clusters: [{ name, cluster }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  });
}

/** Fields that name a file of this machine, which is none of the Secret's business. */
const CLUSTER_FILES = ['certificate-authority'] as const;
const USER_FILES = ['client-certificate', 'client-key', 'tokenFile'] as const;

/** Variables that have another program run than the one that is named, or more than that one. */
const LOADERS =
  /^(?:PATH|LD_.*|DYLD_.*|NODE_OPTIONS|PYTHON.*|PERL5.*|RUBY.*|JAVA_TOOL_OPTIONS|BASH_ENV|ENV)$/i;

/** Which programs a Secret may have run, and where to what they print may be sent. */
export interface PluginRules {
  readonly plugins: readonly string[];
  /** Names of hosts, or `.SUFFIX` for all below one. */
  readonly pluginServers: readonly string[];
}

/**
 * The context of a cluster, or why a Secret may not have it: it names a file of this machine, or a plugin that is not
 * among `plugins`, that another one would run in place of, or whose credentials would go elsewhere than to
 * `pluginServers`. Throws `cluster-unreachable` as `readContext`.
 */
export function contextOf(found: FoundCluster, rules: PluginRules): KubeContext | string {
  const context = readContext(found.config, found.context);
  const user = context.user?.value;
  const file =
    CLUSTER_FILES.find((field) => context.cluster.value[field] !== '') ??
    USER_FILES.find((field) => user !== undefined && user[field] !== '');
  if (file !== undefined) return `${file} names a file, which a Secret may not; use its data`;
  const { command, env } = user?.exec ?? {};
  if (command === undefined) return context;
  const loader = env?.find(({ name }) => LOADERS.test(name));
  if (loader !== undefined) {
    return `exec sets ${loader.name}, by which another program would run than ${JSON.stringify(command)}; remove it`;
  }
  if (!rules.plugins.includes(command)) {
    return `exec names the plugin ${JSON.stringify(command)}; add it to "plugins" of the fleet if that is meant`;
  }
  return detourOf(context, rules.pluginServers) ?? context;
}

/** As a URL has it: an address of IPv6 in its shortest form. What is no host matches none. */
function hostnameOf(host: string): string | undefined {
  return URL.parse(`https://${host}`)?.hostname;
}

/** Fields by which what is sent to a server may be read by another. */
const DETOURS = ['proxy-url', 'tls-server-name', 'insecure-skip-tls-verify'] as const;

/** Why the credentials of a plugin could come to another than its operator means. */
function detourOf(
  { cluster: { value } }: KubeContext,
  servers: readonly string[],
): string | undefined {
  const { hostname, protocol } = new URL(value.server);
  const isMeant = servers.some((one) =>
    one.startsWith('.') ? hostname.endsWith(one) : hostname === hostnameOf(one),
  );
  if (protocol !== 'https:' || !isMeant) {
    return `exec names a plugin, whose credentials are not for ${hostname}; add it to "pluginServers" of the fleet if that is meant`;
  }
  const detour = DETOURS.find((field) => Boolean(value[field]));
  return (
    detour && `exec names a plugin, whose credentials others could read by ${detour}; remove it`
  );
}
