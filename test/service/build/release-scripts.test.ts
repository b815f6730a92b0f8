import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const KEYS = 'projects/acme-prod/locations/us-central1/keyRings/countersign/cryptoKeys';
const SETTINGS = {
  PROJECT: 'acme-prod',
  BUILD: 'b1',
  REGION: 'us-central1',
  NAME: 'countersign',
  FUNCTIONS: 'cluster push',
  REVISION: 'd'.repeat(40),
  IMAGE: 'us-central1-docker.pkg.dev/acme-prod/countersign/countersign',
  KEY: `gcpkms://${KEYS}/release/cryptoKeyVersions/1`,
  COSIGN_IMAGE: `ghcr.io/sigstore/cosign/cosign:v3@sha256:${'c'.repeat(64)}`,
};
const REFERENCE = `${SETTINGS.IMAGE}@sha256:${'a'.repeat(64)}`;

/** Where a build runs: with stand-ins for docker, gcloud and cosign, which write down how they were called. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'release-'));
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, '.local/release'), { recursive: true });
  writeFileSync(join(folder, '.local/release/reference'), `${REFERENCE}\n`);
});
afterEach(() => rmSync(folder, { recursive: true }));

function standIn(path: string, answer: string): void {
  const file = join(folder, path);
  const name = path.replace(/^.*\//, '');
  writeFileSync(file, `#!/bin/bash\necho "${name} $*" >>"$CALLS"\n${answer}\n`);
  chmodSync(file, 0o755);
}

function run(script: string, settings: Record<string, string> = {}, cwd = folder) {
  const { PATH = '' } = process.env;
  const CALLS = join(folder, 'calls');
  writeFileSync(CALLS, '');
  const env = { ...SETTINGS, ...settings, CALLS, PATH: `${join(folder, 'bin')}:${PATH}` };
  const { status, stderr } = spawnSync('bash', [join(root, 'infra/image', script)], { cwd, env });
  const calls = readFileSync(CALLS, 'utf8').trim().split('\n');
  return { status, stderr: String(stderr), calls };
}

describe('check-settings.sh', () => {
  it('accepts the defaults of a project', () => {
    expect(run('check-settings.sh', {}, root)).toMatchObject({ status: 0, stderr: '' });
  });

  it.each([
    ['REGION', ''],
    ['REGION', 'us'],
    ['REGION', 'us-central1; true'],
    ['NAME', 'Countersign'],
    ['REVISION', ''],
    ['REVISION', 'main'],
    ['REVISION', 'd'.repeat(39)],
    ['FUNCTIONS', ''],
    ['FUNCTIONS', 'push,cluster'],
    ['FUNCTIONS', 'push nothing'],
    ['IMAGE', `${SETTINGS.IMAGE}:v1`],
    ['IMAGE', REFERENCE],
    ['IMAGE', 'docker.io/acme/countersign'],
    ['KEY', ''],
    ['KEY', `gcpkms://${KEYS}/release`],
    ['KEY', 'cosign.key'],
    ['COSIGN_IMAGE', 'ghcr.io/sigstore/cosign/cosign:v3.1.3'],
  ])('refuses %s=%j, and names it', (name, value) => {
    const { status, stderr } = run('check-settings.sh', { [name]: value }, root);
    expect(status).toBe(1);
    expect(stderr).toContain(`_${name}`);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

describe('push.sh', () => {
  it('takes the digest of our repository, and what signs it', () => {
    const others = `docker.io/acme/countersign@sha256:${'b'.repeat(64)}`;
    standIn(
      'bin/docker',
      `case "$*" in *RepoDigests*) echo '${others}'; echo '${REFERENCE}';; create*) echo c1;; esac`,
    );
    rmSync(join(folder, '.local'), { recursive: true });
    const { status, calls } = run('push.sh');
    expect(status).toBe(0);
    expect(readFileSync(join(folder, '.local/release/reference'), 'utf8')).toBe(`${REFERENCE}\n`);
    expect(calls[0]).toBe(`docker push --quiet ${SETTINGS.IMAGE}:b1`);
    expect(calls).toContain('docker cp c1:/app/sbom.spdx.json .local/release/sbom.spdx.json');
    expect(calls).toContain(`docker create ${SETTINGS.COSIGN_IMAGE} none`);
  });

  it('fails when the digest is not known', () => {
    standIn('bin/docker', '');
    expect(run('push.sh').status).not.toBe(0);
  });
});

const SIGNING = ['sign', 'attest', 'verify', 'verify-attestation', 'sign-blob', 'verify-blob'];

describe('sign.sh', () => {
  it('signs the digest, its SBOM and the checksums of the command, and checks each, all with the key', () => {
    standIn('.local/release/cosign', '');
    const { status, calls } = run('sign.sh');
    expect(status).toBe(0);
    const verbs = calls.map((call) => call.split(' ')[1]);
    expect(verbs).toEqual(SIGNING);
    for (const call of calls) {
      const what = call.includes('-blob ') ? '.local/release/cli/SHA256SUMS' : REFERENCE;
      expect(call).toContain(`--key=${SETTINGS.KEY}`);
      expect(call.endsWith(` ${what}`)).toBe(true);
    }
    const bundles = calls.flatMap((call) => /--bundle=\S+/.exec(call) ?? []);
    expect(new Set(bundles)).toEqual(
      new Set(['--bundle=.local/release/cli/SHA256SUMS.sigstore.json']),
    );
  });

  it.each(SIGNING)('ends where %s fails', (verb) => {
    standIn('.local/release/cosign', `[ "$1" != ${verb} ]`);
    const { status, calls } = run('sign.sh');
    expect(status).not.toBe(0);
    expect(calls.at(-1)).toContain(`cosign ${verb} `);
  });
});

describe('publish.sh', () => {
  it('pushes the files of the command as an image beside ours', () => {
    standIn('bin/docker', 'cat >>"$CALLS"');
    const { status, calls } = run('publish.sh');
    expect(status).toBe(0);
    const tag = `${SETTINGS.IMAGE}-cli:b1`;
    expect(calls[0]).toBe(`docker build --quiet --tag ${tag} --file - .local/release/cli`);
    expect(calls.slice(1, 3)).toEqual(['FROM scratch', 'COPY . /']);
    expect(calls.at(-1)).toBe(`docker push --quiet ${tag}`);
  });
});

describe('deploy.sh', () => {
  it('gives each service the digest and its name, in order', () => {
    standIn('bin/gcloud', '');
    const { status, calls } = run('deploy.sh');
    expect(status).toBe(0);
    const where = '--project=acme-prod --region=us-central1';
    const what = (name: string) =>
      `gcloud run services update countersign-${name} ${where} --image=${REFERENCE} --args=${name} --quiet`;
    expect(calls).toEqual([what('cluster'), what('push')]);
  });

  it('stops at the first service that does not become ready', () => {
    standIn('bin/gcloud', 'exit 1');
    const { status, calls } = run('deploy.sh');
    expect(status).not.toBe(0);
    expect(calls).toHaveLength(1);
  });
});

describe('smoke.sh', () => {
  it('passes when every service runs the digest with all its traffic', () => {
    standIn('bin/gcloud', `echo '${REFERENCE},r2,r2,r2,100'`);
    expect(run('smoke.sh')).toMatchObject({ status: 0, stderr: '' });
  });

  it.each([
    ['another image', `${REFERENCE.replace('aaa', 'bbb')},r2,r2,r2,100`],
    ['a revision that is not ready', `${REFERENCE},r2,r1,r1,100`],
    ['traffic on the old revision', `${REFERENCE},r2,r2,r1,100`],
    ['a part of the traffic', `${REFERENCE},r2,r2,r2,50`],
    ['no revision at all', `${REFERENCE},,,,`],
    ['nothing', ''],
  ])('fails for %s, and names the service', (_, answer) => {
    standIn(
      'bin/gcloud',
      `case "$*" in *-push*) echo '${answer}';; *) echo '${REFERENCE},r2,r2,r2,100';; esac`,
    );
    const { status, stderr } = run('smoke.sh');
    expect(status).not.toBe(0);
    expect(stderr).toContain('countersign-push');
    expect(stderr).not.toContain('countersign-cluster');
  });
});
