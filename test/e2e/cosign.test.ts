import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startRegistry } from '#infra/local/registry/server.ts';
import { type Digest, isDigest } from '#shared/core/digest.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import { reasonsOf } from '#shared/core/verdict.ts';
import { createRegistry } from '#shared/registry/http-registry.ts';
import { createKeyLoader } from '#shared/trust/keys.ts';
import type { Subject } from '#shared/trust/places.ts';
import { createVerifier } from '#shared/trust/verifier.ts';
import { keyPolicy } from '#test/fakes/cosign.ts';

import { startDockerRegistry } from './tools/docker-registry.ts';
import { findTool } from './tools/find-tool.ts';
import { runProcess } from './tools/process.ts';

const PLAIN_HTTP = '--allow-http-registry';
const LEGACY_3 = ['--new-bundle-format=false', '--use-signing-config=false'];
const BUNDLE_3 = ['--new-bundle-format=true', '--use-signing-config=false'];
/** Every way in which cosign signs with a key and asks nothing of the world (facts/toolchain.md). */
const FORMS = [
  { form: 'cosign 2, legacy', cosign: 'cosign2', flags: ['--new-bundle-format=false'] },
  { form: 'cosign 2, bundle', cosign: 'cosign2', flags: ['--new-bundle-format=true'] },
  { form: 'cosign 3, legacy', cosign: 'cosign3', flags: LEGACY_3 },
  { form: 'cosign 3, bundle', cosign: 'cosign3', flags: BUNDLE_3 },
] as const;
type Form = (typeof FORMS)[number];

let folder: string;
let hosts: { readonly embedded: string; readonly debian: string };
let stop: () => Promise<void>;
let repositories = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-cosign-'));
  const embedded = await startRegistry({ port: 0 });
  const debian = await startDockerRegistry();
  hosts = { embedded: embedded.host, debian: debian.host };
  stop = async () => {
    await embedded.close();
    await debian.close();
    await rm(folder, { recursive: true });
  };
  await writeFile(join(folder, 'predicate.json'), '{"buildType":"test"}');
  for (const name of ['one', 'two'])
    await writeFile(join(folder, `${name}.yaml`), `name: ${name}\n`);
  for (const name of ['one', 'two']) await run('tar', 'cf', `${name}.tar`, `${name}.yaml`);
  for (const name of ['release', 'other']) {
    await run('cosign3', 'generate-key-pair', `--output-key-prefix=${name}`);
  }
});
afterAll(() => stop());

/** Exit code and output of a tool in the test's folder. */
async function attempt(name: string, ...args: readonly string[]) {
  const command = name === 'tar' ? name : findTool(name);
  const env = { HOME: folder, DOCKER_CONFIG: join(folder, 'docker'), COSIGN_PASSWORD: '' };
  return runProcess({ command, args, cwd: folder, env });
}

async function run(name: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await attempt(name, ...args);
  if (code !== 0) throw new Error(`${name} ${args.join(' ')} exited ${code}: ${stderr}`);
  return stdout.trim();
}

async function digestOf(reference: string): Promise<Digest> {
  const digest = await run('crane', 'digest', reference);
  if (!isDigest(digest)) throw new Error(`not a digest: ${digest}`);
  return digest;
}

/** An index of two images in a repository of its own. */
async function pushIndex(host = hosts.embedded) {
  const repository = `${host}/configs/test-${++repositories}`;
  for (const name of ['one', 'two']) {
    const reference = `${repository}:${name}`;
    await run('crane', 'append', '--oci-empty-base', '-f', `${name}.tar`, '-t', reference);
  }
  const children = ['-m', `${repository}:one`, '-m', `${repository}:two`];
  await run('crane', 'index', 'append', ...children, '-t', `${repository}:index`);
  const digest = await digestOf(`${repository}:one`);
  return { repository, digest, index: await digestOf(`${repository}:index`) };
}

function sign({ cosign, flags }: Form, reference: string, ...more: readonly string[]) {
  const options = ['--yes', '--key=release.key', '--tlog-upload=false', PLAIN_HTTP, ...flags];
  return run(cosign, 'sign', ...options, ...more, reference);
}

function attest({ cosign, flags }: Form, reference: string) {
  const options = ['--yes', '--key=release.key', '--tlog-upload=false', PLAIN_HTTP, ...flags];
  return run(
    cosign,
    'attest',
    ...options,
    '--type=custom',
    '--predicate=predicate.json',
    reference,
  );
}

/** Whether the newest cosign verifies, as people would run it. */
async function cosignVerifies(reference: string, ...more: readonly string[]): Promise<boolean> {
  const options = ['--key=release.pub', '--insecure-ignore-tlog=true', PLAIN_HTTP];
  const { code } = await attempt('cosign3', 'verify', ...options, ...more, reference);
  return code === 0;
}

async function policyFor(name: string, parts: Parameters<typeof keyPolicy>[1] = {}) {
  const pem = await readFile(join(folder, `${name}.pub`), 'utf8');
  return keyPolicy([{ pem }], parts);
}

async function verdictOf(subject: Subject, policy: TrustPolicy) {
  const registry = createRegistry({
    fetch,
    registries: Object.values(hosts).map((host) => ({ host, plainHttp: true, auth: 'none' })),
    now: () => new Date(),
    googleToken: () => Promise.reject(new Error('no Google here')),
  });
  const verifier = createVerifier({ registry, keys: createKeyLoader(), now: Date.now });
  const verdict = await verifier.verify(subject, policy);
  return { status: verdict.status, reasons: reasonsOf(verdict) };
}

describe.each(FORMS)('$form', (form) => {
  const cases = (['image', 'index', 'recursive'] as const).flatMap((target) =>
    [false, true].flatMap((annotated) =>
      [false, true].map((attested) => ({ target, annotated, attested })),
    ),
  );

  it.each(cases)(
    'our verdict is cosign verify’s: $target, annotated $annotated, attested $attested',
    async ({ target, annotated, attested }) => {
      const { repository, digest, index } = await pushIndex();
      const signed = `${repository}@${target === 'image' ? digest : index}`;
      const annotation = annotated ? ['-a', 'env=prod'] : [];
      const recursive = target === 'recursive' ? ['--recursive'] : [];
      if (attested) await attest(form, signed);
      await sign(form, signed, ...annotation, ...recursive);
      const policy = await policyFor('release', annotated ? { annotations: { env: 'prod' } } : {});
      const ours: boolean[] = [];
      const theirs: boolean[] = [];
      for (const one of [digest, index]) {
        const { status } = await verdictOf({ repository, digest: one }, policy);
        ours.push(status === 'verified');
        theirs.push(await cosignVerifies(`${repository}@${one}`, ...annotation));
      }
      expect(ours).toEqual(theirs);
      const whole = await verdictOf({ repository, digest, index }, policy);
      expect(whole.status === 'verified').toBe(theirs.includes(true));
      // Cosign 2.6 loses the annotations of a bundle, and then both refuse.
      expect(theirs.includes(true)).toBe(!(annotated && form.form === 'cosign 2, bundle'));
    },
  );

  it('does not verify with another key, and says so', async () => {
    const { repository, digest } = await pushIndex();
    await sign(form, `${repository}@${digest}`);
    const verdict = await verdictOf({ repository, digest }, await policyFor('other'));
    expect(verdict).toEqual({ status: 'untrusted', reasons: ['wrong-key'] });
  });

  it('verifies where there is no referrers API', async () => {
    const { repository, digest } = await pushIndex(hosts.debian);
    await sign(form, `${repository}@${digest}`);
    const verdict = await verdictOf({ repository, digest }, await policyFor('release'));
    expect(verdict).toEqual({ status: 'verified', reasons: [] });
  });

  it('finds signatures in a repository of their own', async () => {
    const { repository, digest } = await pushIndex();
    const signatureRepository = `${hosts.embedded}/signatures`;
    const { cosign, flags } = form;
    const options = ['--yes', '--key=release.key', '--tlog-upload=false', PLAIN_HTTP, ...flags];
    const { code, stderr } = await runProcess({
      command: findTool(cosign),
      args: ['sign', ...options, `${repository}@${digest}`],
      cwd: folder,
      env: { HOME: folder, COSIGN_PASSWORD: '', COSIGN_REPOSITORY: signatureRepository },
    });
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const verdict = await verdictOf(
      { repository, digest },
      await policyFor('release', { signatureRepository }),
    );
    expect(verdict).toEqual({ status: 'verified', reasons: [] });
  });
});

describe('what is no signature of this image', () => {
  it.each(['cosign2', 'cosign3'] as const)('is one copied from another, by %s', async (cosign) => {
    const form = FORMS.find((one) => one.cosign === cosign && one.form.endsWith('legacy'));
    if (form === undefined) throw new Error('no such form');
    const { repository, digest, index } = await pushIndex();
    await sign(form, `${repository}@${index}`);
    const tag = (of: Digest): string => `${repository}:${of.replace(':', '-')}.sig`;
    await run('crane', 'copy', tag(index), tag(digest));
    expect(await cosignVerifies(`${repository}@${digest}`)).toBe(false);
    const verdict = await verdictOf({ repository, digest }, await policyFor('release'));
    expect(verdict).toEqual({ status: 'untrusted', reasons: ['digest-mismatch'] });
  });

  it('is an attestation by the same key, though cosign takes it for one', async () => {
    const { repository, digest } = await pushIndex();
    await attest(FORMS[3], `${repository}@${digest}`);
    expect(await cosignVerifies(`${repository}@${digest}`)).toBe(true);
    const verdict = await verdictOf({ repository, digest }, await policyFor('release'));
    expect(verdict).toEqual({ status: 'untrusted', reasons: ['no-matching-predicate'] });
  });
});
