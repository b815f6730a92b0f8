import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { startEtcd } from './etcd.ts';
import { createSendKube, type SendKube } from './kube-request.ts';
import { type RunningProcess, startProgram } from './program.ts';
import { type ToolBox, TOOLS } from './tool-box.ts';

/** A user whom the API server knows by a token. */
export interface KnownUser {
  readonly name: string;
  readonly groups: readonly string[];
}

export interface KubeApiserver {
  readonly url: string;
  /** Its certificate, which is its own authority: PEM. */
  readonly ca: string;
  /** The token of one of `users`. */
  readonly tokenOf: (user: string) => string;
  /** Resolves with what has ended, and how, where that was not asked for. */
  readonly died: Promise<string>;
  /** Requests as the administrator, or as whom he acts as. */
  readonly send: SendKube;
  /** Writes a kubeconfig for a user, with context `real`; the administrator acts as him. Returns its path. */
  kubeconfig(user: string, groups?: readonly string[]): Promise<string>;
  /** Makes every earlier resourceVersion too old, where there is no watch cache. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

export interface KubeApiserverOptions {
  /** A certificate and its key (paths of PEM files), which it shows to clients that ask for a name of that certificate. */
  readonly named?: { readonly cert: string; readonly key: string };
  /** On where absent; false has it answer from etcd alone. */
  readonly watchCache?: boolean;
  /** Beside the administrator. */
  readonly users?: readonly KnownUser[];
  /** Where its folder is made; the system's place for such where absent. */
  readonly within?: string;
  readonly tools?: ToolBox;
}

/**
 * Starts a real kube-apiserver with its etcd on free ports of this machine: RBAC and its usual admission plugins, no
 * controllers, no nodes. Everything it leaves behind goes with `close`.
 */
export async function startKubeApiserver({
  named,
  watchCache = true,
  users = [],
  within = tmpdir(),
  tools = TOOLS,
}: KubeApiserverOptions = {}): Promise<KubeApiserver> {
  const folder = await mkdtemp(join(within, 'countersign-kube-apiserver-'));
  const running: RunningProcess[] = [];
  async function close(): Promise<void> {
    for (const each of running.toReversed()) await each.stop();
    await rm(folder, { recursive: true, force: true });
  }
  try {
    const etcd = await startEtcd(folder, tools);
    running.push(etcd);
    const port = await tools.freePort();
    const known = [ADMIN, ...users].map((user) => ({ ...user, token: randomUUID() }));
    const tokenOf = (user: string): string => known.find(({ name }) => name === user)?.token ?? '';
    const token = tokenOf(ADMIN.name);
    await writeFile(join(folder, 'tokens.csv'), known.map(describeUser).join(''), { mode: 0o600 });
    await writeFile(join(folder, 'accounts.key'), accountKey());
    const url = `https://127.0.0.1:${port}`;
    const certificate = join(folder, 'apiserver.crt');
    const server = await startProgram({
      command: tools.find('kube-apiserver'),
      args: [
        ...flags({ folder, port, etcd: etcd.url }),
        `--watch-cache=${watchCache}`,
        ...(named === undefined ? [] : [`--tls-sni-cert-key=${named.cert},${named.key}`]),
      ],
      env: tools.env,
      timeout: tools.startMs,
      ready: async () => existsSync(certificate) && isReady(url, certificate, token),
    });
    running.push(server);
    const ca = await readFile(certificate, 'utf8');
    return {
      url,
      ca,
      tokenOf,
      died: Promise.race([
        etcd.died.then((how) => `etcd ${how}`),
        server.died.then((how) => `kube-apiserver ${how}`),
      ]),
      send: createSendKube({ url, ca, token }),
      async kubeconfig(user, groups = []) {
        const path = join(folder, `kubeconfig-${randomUUID()}`);
        await writeFile(path, kubeconfigFor({ url, ca, token, user, groups }), { mode: 0o600 });
        return path;
      },
      forget: () => etcd.compact(),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const ADMIN: KnownUser = { name: 'admin', groups: ['system:masters'] };

/** A line of `--token-auth-file`. */
function describeUser({ name, groups, token }: KnownUser & { readonly token: string }): string {
  return `${token},${name},${name},"${groups.join(',')}"\n`;
}

function flags(server: { folder: string; port: number; etcd: string }): string[] {
  const { folder, port, etcd } = server;
  const key = join(folder, 'accounts.key');
  return [
    `--etcd-servers=${etcd}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    // It makes itself a certificate there.
    `--cert-dir=${folder}`,
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    '--enable-priority-and-fairness=false',
    '--profiling=false',
  ];
}

function accountKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
}

async function isReady(url: string, certificate: string, token: string): Promise<boolean> {
  try {
    const send = createSendKube({ url, ca: await readFile(certificate, 'utf8'), token });
    return (await send({ method: 'GET', path: '/readyz' })).status === 200;
  } catch {
    return false;
  }
}

function kubeconfigFor(access: {
  url: string;
  ca: string;
  token: string;
  user: string;
  groups: readonly string[];
}): string {
  const { url, ca, token, user, groups } = access;
  const authority = Buffer.from(ca).toString('base64');
  const acting = groups.length === 0 ? {} : { 'as-groups': groups };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'real', cluster: { server: url, 'certificate-authority-data': authority } }],
    users: [{ name: user, user: { token, as: user, ...acting } }],
    contexts: [{ name: 'real', context: { cluster: 'real', user } }],
    'current-context': 'real',
  });
}
