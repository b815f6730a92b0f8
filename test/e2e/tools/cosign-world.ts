import { createPublicKey, type KeyObject } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startRegistry } from '#infra/local/registry/start-registry.ts';
import { type Digest, isDigest } from '#shared/core/digest.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import { reasonsOf } from '#shared/core/verdict.ts';
import { createRegistry } from '#shared/registry/http-registry.ts';
import { createKeyLoader } from '#shared/trust/keys.ts';
import type { Subject } from '#shared/trust/discover.ts';
import { createVerifier } from '#shared/trust/verifier.ts';
import { keyPolicy } from '#test/fakes/cosign.ts';

import { type Artifacts, pushArtifacts, readArtifacts } from './copy-artifacts.ts';
import { startDockerRegistry } from './docker-registry.ts';
import { findTool } from '#infra/local/real/find-tool.ts';
import { lightenKey } from './lighten-key.ts';
import { type Finished, runProcess } from './process.ts';
import { startWithoutReferrers } from './without-referrers.ts';

export const PLAIN_HTTP = '--allow-http-registry';
const LEGACY_3 = ['--new-bundle-format=false', '--use-signing-config=false'];
const BUNDLE_3 = ['--new-bundle-format=true', '--use-signing-config=false'];

/** Every way in which cosign signs with a key and without any service (docs/facts/signatures.md#tools). */
export const FORMS = [
  { form: 'cosign 2, legacy', cosign: 'cosign2', flags: ['--new-bundle-format=false'] },
  { form: 'cosign 2, bundle', cosign: 'cosign2', flags: ['--new-bundle-format=true'] },
  { form: 'cosign 3, legacy', cosign: 'cosign3', flags: LEGACY_3 },
  { form: 'cosign 3, bundle', cosign: 'cosign3', flags: BUNDLE_3 },
] as const;

const REFERRER = ['--registry-referrers-mode=oci-1-1'];
const EXPERIMENTAL = { COSIGN_EXPERIMENTAL: '1' };

/** And the experiment of both versions: the layers of the legacy form in a referrer. */
export const REFERRER_FORMS = [
  {
    form: 'cosign 2, referrer',
    cosign: 'cosign2',
    flags: ['--new-bundle-format=false'],
    signs: { flags: REFERRER, env: EXPERIMENTAL },
  },
  {
    form: 'cosign 3, referrer',
    cosign: 'cosign3',
    flags: LEGACY_3,
    signs: { flags: REFERRER, env: EXPERIMENTAL },
  },
] as const;

/** A way to sign; `flags` are those of `attest` too. */
export interface Form {
  readonly form: string;
  readonly cosign: 'cosign2' | 'cosign3';
  readonly flags: readonly string[];
  /** Of `sign` alone. */
  readonly signs?: { readonly flags: readonly string[]; readonly env: NodeJS.ProcessEnv };
}

/** Who signs: cosign's key pair `<name>.key` and `<name>.pub`. */
type Signer = string;

/** Real tools, a folder of their own, and registries: ours with and without referrers API, and Debian's, without. */
export interface CosignWorld {
  readonly folder: string;
  readonly hosts: { readonly embedded: string; readonly bare: string; readonly debian: string };
  /** Exit code and output of a tool in the folder. */
  attempt(name: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Finished>;
  /** Its output; throws when it fails. */
  run(name: string, ...args: readonly string[]): Promise<string>;
  /** An index of two images in a repository of its own. */
  pushIndex(host?: string): Promise<{ repository: string; digest: Digest; index: Digest }>;
  sign(form: Form, signer: Signer, reference: string, ...more: readonly string[]): Promise<void>;
  /** Whether the newest cosign verifies, as people would run it. */
  cosignVerifies(signer: Signer, reference: string, ...more: readonly string[]): Promise<boolean>;
  publicKey(signer: Signer): Promise<KeyObject>;
  policyFor(signer: Signer, parts?: Parameters<typeof keyPolicy>[1]): Promise<TrustPolicy>;
  /** What we say. */
  verdictOf(
    subject: Subject,
    policy: TrustPolicy,
  ): Promise<{ status: string; reasons: readonly string[] }>;
  close(): Promise<void>;
}

/**
 * Opens the world with the key pairs `release` and `other`, of cosign's own kind. Where a tool is missing it throws, and
 * leaves nothing open.
 */
export async function openCosignWorld(): Promise<CosignWorld> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'countersign-cosign-'));
  opened.defer(() => rm(folder, { recursive: true }));
  const embedded = opened.adopt(await startRegistry({ port: 0 }), (one) => one.close());
  const debian = opened.adopt(await startDockerRegistry(), (one) => one.close());
  const bare = opened.adopt(await startWithoutReferrers(embedded.host), (one) => one.close());
  const hosts = { embedded: embedded.host, bare: bare.host, debian: debian.host };
  let repositories = 0;

  async function attempt(name: string, args: readonly string[], more: NodeJS.ProcessEnv = {}) {
    const ours = name === 'tar' || name === 'openssl';
    const command = ours ? name : findTool(name);
    const env = {
      HOME: folder,
      DOCKER_CONFIG: join(folder, 'docker'),
      COSIGN_PASSWORD: '',
      ...more,
    };
    return runProcess({ command, args, cwd: folder, env });
  }

  async function run(name: string, ...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await attempt(name, args);
    if (code !== 0) throw new Error(`${name} ${args.join(' ')} exited ${code}: ${stderr}`);
    return stdout.trim();
  }

  async function digestOf(reference: string): Promise<Digest> {
    const digest = await run('crane', 'digest', reference);
    if (!isDigest(digest)) throw new Error(`not a digest: ${digest}`);
    return digest;
  }

  /** An index of two images by crane, which takes five processes; every other one is a copy. */
  async function pushFirst(): Promise<{ digest: Digest; index: Digest; copy: Artifacts }> {
    const repository = `${hosts.embedded}/configs/first`;
    for (const name of ['one', 'two']) {
      await writeFile(join(folder, `${name}.yaml`), `name: ${name}\n`);
      await run('tar', 'cf', `${name}.tar`, `${name}.yaml`);
      const reference = `${repository}:${name}`;
      await run('crane', 'append', '--oci-empty-base', '-f', `${name}.tar`, '-t', reference);
    }
    const children = ['-m', `${repository}:one`, '-m', `${repository}:two`];
    await run('crane', 'index', 'append', ...children, '-t', `${repository}:index`);
    return {
      digest: await digestOf(`${repository}:one`),
      index: await digestOf(`${repository}:index`),
      copy: await readArtifacts(hosts.embedded, 'configs/first', ['one', 'two', 'index']),
    };
  }

  const { copy, ...digests } = await pushFirst();
  for (const name of ['release', 'other']) {
    await run('cosign3', 'generate-key-pair', `--output-key-prefix=${name}`);
    await lightenKey(join(folder, `${name}.key`));
  }

  const owned = opened.move();
  return {
    folder,
    hosts,
    attempt,
    run,
    async pushIndex(host = hosts.embedded) {
      const path = `configs/test-${++repositories}`;
      await pushArtifacts(copy, host, path);
      return { repository: `${host}/${path}`, ...digests };
    },
    async sign({ cosign, flags, signs }, signer, reference, ...more) {
      const own = [...flags, ...(signs?.flags ?? []), ...more];
      const options = ['--yes', `--key=${signer}.key`, '--tlog-upload=false', PLAIN_HTTP, ...own];
      const { code, stderr } = await attempt(cosign, ['sign', ...options, reference], signs?.env);
      if (code !== 0) throw new Error(`${cosign} sign exited ${code}: ${stderr}`);
    },
    async cosignVerifies(signer, reference, ...more) {
      const options = [`--key=${signer}.pub`, '--insecure-ignore-tlog=true', PLAIN_HTTP];
      const { code } = await attempt('cosign3', ['verify', ...options, ...more, reference]);
      return code === 0;
    },
    async publicKey(signer) {
      return createPublicKey(await readFile(join(folder, `${signer}.pub`), 'utf8'));
    },
    async policyFor(signer, parts = {}) {
      const pem = await readFile(join(folder, `${signer}.pub`), 'utf8');
      return keyPolicy([{ pem }], parts);
    },
    async verdictOf(subject, policy) {
      const registry = createRegistry({
        fetch,
        registries: Object.values(hosts).map((host) => ({ host, plainHttp: true, auth: 'none' })),
        now: () => new Date(),
        googleToken: () => Promise.reject(new Error('no Google here')),
      });
      const verifier = createVerifier({ registry, keys: createKeyLoader(), now: Date.now });
      const verdict = await verifier.verify(subject, policy);
      return { status: verdict.status, reasons: reasonsOf(verdict) };
    },
    close: () => owned.disposeAsync(),
  };
}
