import { CountersignError } from '#shared/core/errors.ts';
import { execFaults } from './exec-faults.ts';
import type { Kubeconfig, KubeCluster, KubeUser, Placed } from './schema.ts';

/** A context whose cluster and user can be used as they are. */
export interface KubeContext {
  readonly name: string;
  readonly cluster: Placed<KubeCluster>;
  /** Absent: requests go without credentials. */
  readonly user: (Placed<KubeUser> & { readonly name: string }) | undefined;
}

/** Characters that no header can carry. */
const NO_HEADER = /[\0\r\n]/;
/** client-go, `tools/clientcmd`: what `proxy-url` may be. */
const PROXIES: readonly string[] = ['http:', 'https:', 'socks5:'];

/**
 * The cluster and user of a context. Throws `cluster-unreachable` with the first thing that kubectl would refuse, or that
 * is not supported here: the field, and what to write.
 *
 * @example
 * const { cluster, user } = readContext(kubeconfig, 'edge-1');
 */
export function readContext(config: Kubeconfig, name: string): KubeContext {
  const [fault] = contextFaults(config, name);
  const context = config.contexts.get(name);
  const cluster = config.clusters.get(context?.cluster ?? '');
  if (fault !== undefined || context === undefined || cluster === undefined) {
    const message = `Context ${JSON.stringify(name)} cannot be used: ${fault ?? 'it names no cluster'}`;
    throw new CountersignError('cluster-unreachable', message, { retry: false });
  }
  const user = config.users.get(context.user);
  return { name, cluster, user: user && { ...user, name: context.user } };
}

/** All that is wrong with a context: each names the field and the fix. */
export function contextFaults(config: Kubeconfig, name: string): readonly string[] {
  const context = config.contexts.get(name);
  if (context === undefined) return ['it is not there'];
  const cluster = config.clusters.get(context.cluster);
  const user = config.users.get(context.user);
  const of = (kind: string, part: string) => (fault: string) =>
    `${kind} ${JSON.stringify(part)}: ${fault}`;
  return [
    ...(cluster === undefined
      ? [missing('cluster', context.cluster)]
      : [...clusterFaults(cluster.value)].map(of('cluster', context.cluster))),
    ...(user === undefined
      ? context.user === ''
        ? []
        : [missing('user', context.user)]
      : [...userFaults(user.value)].map(of('user', context.user))),
  ];
}

function missing(kind: string, name: string): string {
  return name === ''
    ? `it names no ${kind}; write one`
    : `it names ${kind} ${JSON.stringify(name)}, which is not in ${kind}s; add it`;
}

function* clusterFaults(cluster: KubeCluster): Generator<string> {
  const { server, 'proxy-url': proxy, 'insecure-skip-tls-verify': insecure } = cluster;
  const ca = cluster['certificate-authority'];
  const caData = cluster['certificate-authority-data'];
  const url = URL.parse(server);
  if (server === '') yield 'server is missing; write https://HOST:PORT';
  else if (url === null || !['http:', 'https:'].includes(url.protocol))
    yield 'server is not an address; write https://HOST:PORT';
  else if (url.username !== '' || url.password !== '')
    yield 'server has credentials in its address; write them to the user';
  else if (url.protocol === 'http:' && !insecure)
    yield 'server is http; set insecure-skip-tls-verify if that is meant';
  if (ca !== '' && caData !== '')
    yield 'certificate-authority and certificate-authority-data are both there; remove one of them';
  if (insecure && (ca !== '' || caData !== ''))
    yield 'insecure-skip-tls-verify is set beside a certificate authority; remove one of them';
  if (proxy !== '' && !PROXIES.includes(URL.parse(proxy)?.protocol ?? ''))
    yield 'proxy-url is not the address of a proxy; write http://, https:// or socks5://';
}

function* userFaults(user: KubeUser): Generator<string> {
  const { token, tokenFile, username, password, exec, 'auth-provider': provider } = user;
  const basic = username !== '' || password !== '';
  if (basic && (token !== '' || tokenFile !== ''))
    yield 'username and password are there beside a token; remove one of them';
  yield* certificateFaults(user);
  if (provider !== null && provider !== undefined) yield providerFault(provider.name);
  if (exec !== null && exec !== undefined) yield* execFaults(exec);
  const groups = user['as-groups'];
  const extra = Object.entries(user['as-user-extra'] ?? {});
  if (user.as === '' && (groups.length > 0 || extra.length > 0 || user['as-uid'] !== ''))
    yield 'as-uid, as-groups or as-user-extra is there without as; write the user to act as';
  const sent = { token, as: user.as, 'as-uid': user['as-uid'], 'as-groups': groups.join('') };
  const values = extra.flatMap(([, each]) => each).join('');
  for (const [field, value] of Object.entries({ ...sent, 'as-user-extra': values })) {
    if (NO_HEADER.test(value)) yield `${field} has a line break; remove it`;
  }
}

function* certificateFaults(user: KubeUser): Generator<string> {
  const cert = user['client-certificate'];
  const certData = user['client-certificate-data'];
  const key = user['client-key'];
  const keyData = user['client-key-data'];
  if (cert === '' && certData === '') return;
  if (cert !== '' && certData !== '')
    yield 'client-certificate and client-certificate-data are both there; remove one of them';
  if (key !== '' && keyData !== '')
    yield 'client-key and client-key-data are both there; remove one of them';
  if (key === '' && keyData === '')
    yield 'client-certificate is there without client-key; add the key';
}

/** What kubectl has had in its place since 1.26; the fix is the program that has taken it. */
function providerFault(name: string): string {
  const fixes = new Map([
    ['gcp', 'use exec with gke-gcloud-auth-plugin'],
    ['azure', 'use exec with kubelogin'],
    ['oidc', 'use exec with "kubectl oidc-login get-token", which keeps and renews tokens'],
    ['tokenFile', 'write the path to tokenFile'],
  ]);
  return `auth-provider ${JSON.stringify(name)} is not supported; ${fixes.get(name) ?? 'use exec'}`;
}
