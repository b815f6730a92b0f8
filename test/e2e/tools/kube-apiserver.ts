import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { startEtcd } from './etcd.ts';
import { findTool } from './find-tool.ts';
import { freePort } from './free-port.ts';
import { createSendKube, type SendKube } from './kube-request.ts';
import { type RunningProcess, SHORT_LIVED, startProcess } from './process.ts';

/** On two busy cores; a quiet machine needs about ten seconds. */
const START_TIMEOUT_MS = 110_000;

export interface KubeApiserver {
  readonly url: string;
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
}

/**
 * Starts a real kube-apiserver with its etcd on free ports of this machine: RBAC and its usual admission plugins, no
 * controllers, no nodes. Everything it leaves behind goes with `close`.
 */
export async function startKubeApiserver({
  named,
  watchCache = true,
}: KubeApiserverOptions = {}): Promise<KubeApiserver> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-kube-apiserver-'));
  const running: RunningProcess[] = [];
  async function close(): Promise<void> {
    for (const each of running.toReversed()) await each.stop();
    await rm(folder, { recursive: true, force: true });
  }
  try {
    const etcd = await startEtcd(folder);
    running.push(etcd);
    const port = await freePort();
    const token = randomUUID();
    await writeFile(join(folder, 'tokens.csv'), `${token},admin,admin,"system:masters"\n`);
    await writeFile(join(folder, 'accounts.key'), accountKey());
    const url = `https://127.0.0.1:${port}`;
    const certificate = join(folder, 'apiserver.crt');
    running.push(
      await startProcess({
        command: findTool('kube-apiserver'),
        args: [
          ...flags({ folder, port, etcd: etcd.url }),
          `--watch-cache=${watchCache}`,
          ...(named === undefined ? [] : [`--tls-sni-cert-key=${named.cert},${named.key}`]),
        ],
        env: SHORT_LIVED,
        timeout: START_TIMEOUT_MS,
        ready: async () => existsSync(certificate) && isReady(url, certificate, token),
      }),
    );
    const ca = await readFile(certificate, 'utf8');
    return {
      url,
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
