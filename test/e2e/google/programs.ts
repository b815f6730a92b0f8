import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTool } from '#infra/local/real/find-tool.ts';
import { type Finished, runProcess } from '../tools/process.ts';
import type { Front } from './front.ts';
import { patiently } from '#test/patience.ts';

/** A machine with real programs, whose way to Google ends at the emulated one. */
export interface Programs {
  /** Where they run. */
  readonly folder: string;
  /** Runs a program as an IAM member. */
  run(
    member: string,
    command: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<Finished>;
  close(): Promise<void>;
}

const TIMEOUT_MS = patiently(900_000);
const REGISTRY = 'us-central1-docker.pkg.dev';

/** Opens a folder with cosign, crane and gcloud, credentials for each member, and a proxy that leads nowhere else. */
export async function openPrograms(front: Front): Promise<Programs> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-google-'));
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await symlink(findTool('cosign3'), join(bin, 'cosign'));
  await symlink(findTool('crane'), join(bin, 'crane'));
  const authority = join(folder, 'authority.pem');
  await writeFile(authority, front.authority);

  /** As gcloud leaves them, as Docker has them, and as a file for gcloud itself. */
  async function signIn(member: string): Promise<Record<string, string>> {
    const home = join(folder, Buffer.from(member).toString('hex'));
    await mkdir(home, { recursive: true });
    const file = (name: string) => join(home, name);
    const user = { type: 'authorized_user', client_id: 'c', client_secret: 's' };
    await writeFile(file('adc.json'), JSON.stringify({ ...user, refresh_token: member }));
    const auth = Buffer.from(`oauth2accesstoken:member:${member}`).toString('base64');
    await writeFile(file('config.json'), JSON.stringify({ auths: { [REGISTRY]: { auth } } }));
    await writeFile(file('token'), `member:${member}`);
    await chmod(file('token'), 0o600);
    return {
      HOME: home,
      DOCKER_CONFIG: home,
      GOOGLE_APPLICATION_CREDENTIALS: file('adc.json'),
      CLOUDSDK_CONFIG: file('gcloud'),
      CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: file('token'),
    };
  }

  const proxy = new URL(front.proxy);
  const network = {
    HTTPS_PROXY: front.proxy,
    https_proxy: front.proxy,
    NO_PROXY: '127.0.0.1',
    SSL_CERT_FILE: authority,
    REQUESTS_CA_BUNDLE: authority,
    CLOUDSDK_PROXY_TYPE: 'http',
    CLOUDSDK_PROXY_ADDRESS: proxy.hostname,
    CLOUDSDK_PROXY_PORT: proxy.port,
    CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE: authority,
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: '1',
    CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: '1',
    CLOUDSDK_SURVEY_DISABLE_PROMPTS: '1',
  };
  return {
    folder,
    async run(member, [command = '', ...args], env = {}) {
      const own = await signIn(member);
      const path = `${bin}:${process.env['PATH'] ?? ''}`;
      return runProcess({
        command,
        args,
        cwd: folder,
        env: { ...network, ...own, PATH: path, ...env },
        timeout: TIMEOUT_MS,
      });
    },
    close: () => rm(folder, { recursive: true }),
  };
}
