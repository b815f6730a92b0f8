import { createServer, type Server, type ServerResponse } from 'node:http';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleCommand } from '#infra/build/cli/bundle-command.ts';
import { releaseCommand } from '#infra/build/cli/release-command.ts';
import { readPrivateKey } from '#infra/local/keys/key-pair.ts';
import { openRepository, pushImage, signBundle } from '#infra/local/images/push-image.ts';
import { VERBS } from '#functions/cli/verbs.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { createApiWorld } from '#test/fixtures/api-world.ts';
import { startTestWorld, type TestWorld } from '#test/fixtures/local-world.ts';
import { type Case, VERB_CASES, WAY_CASES } from './packed-command-cases.ts';
import { findOlderNode, versionOf } from './tools/find-node.ts';
import { type Finished, runProcess } from './tools/process.ts';
import { patiently } from '#test/patience.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SETUP_MS = patiently(600_000);
/** Where nothing answers: whatever npm asks for there is seen by its failure. */
const NO_REGISTRY = 'http://127.0.0.1:1';

let folder: string;
let files: string;
let world: TestWorld;
let guarded: Server;
let names: Readonly<Record<string, string>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-packed-'));
  files = join(folder, 'release');
  await releaseCommand({ root: ROOT, outdir: files, commit: 'c'.repeat(40), executable: true });
  // A machine with the older Node alone, and nothing of this repository.
  await mkdir(join(folder, 'node'));
  await mkdir(join(folder, 'work'));
  await symlink(findOlderNode(), join(folder, 'node', 'node'));
  world = await startTestWorld({ sweepMs: 3_000, soakSeconds: 1, clusters: 3 });
  guarded = await startGuarded();
  names = await describeNames();
}, SETUP_MS);
afterAll(async () => {
  await world?.stop();
  guarded?.close();
  await rm(folder, { recursive: true, force: true });
});

/** An API that takes one token, over a fleet in memory. */
async function startGuarded(): Promise<Server> {
  const api = createApiWorld(
    {},
    {
      async checkPerson(headers) {
        const token = headers.get('authorization');
        if (token === 'Bearer good')
          return { name: 'ops@acme.example', mayInvoke: true, mayOverride: false };
        const problem = token === null ? 'No token was sent' : 'The token has expired';
        throw new CountersignError('unauthenticated', problem);
      },
    },
  );
  await api.sweep();
  const server = createServer((request, response) => {
    const headers = new Headers(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    void pass(api.request(request.url ?? '/', { headers }), response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function pass(answered: Promise<Response>, response: ServerResponse): Promise<void> {
  const answer = await answered;
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(await answer.text());
}

async function describeNames(): Promise<Readonly<Record<string, string>>> {
  const key = await readPrivateKey(world.files.privateKey);
  let digest = '';
  for (const name of ['team-a', 'platform']) {
    const repository = openRepository(world.registry, `configs/${name}`);
    const image = await pushImage(repository, { file: 'a.yaml', content: 'a: 1\n', tag: 'v1' });
    await signBundle({ repository, image, key });
    digest = image.digest;
  }
  const unsigned = openRepository(world.registry, 'configs/platform');
  await pushImage(unsigned, { file: 'b.yaml', content: 'b: 1\n', tag: 'unsigned' });
  const address = guarded.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const url = world.functions.get('api')?.url ?? '';
  return {
    registry: world.registry,
    image: `${world.registry}/configs/platform:v1`,
    digest,
    config: world.files.config,
    kubeconfig: world.files.kubeconfig,
    key: world.files.publicKey,
    url,
    host: new URL(url).host,
    guarded: `http://127.0.0.1:${port}`,
  };
}

/** As a person has it: a folder of their own, what npm installed, and the older Node. */
function shell(script: string, env: Readonly<Record<string, string>> = {}): Promise<Finished> {
  const path = [join(folder, 'installed', 'bin'), join(folder, 'node'), '/usr/bin', '/bin'];
  const clean = Object.keys(process.env).map((name) => [name, undefined] as const);
  return runProcess({
    command: '/bin/bash',
    args: ['--norc', '-uo', 'pipefail', '-c', script],
    cwd: join(folder, 'work'),
    env: {
      ...Object.fromEntries(clean),
      HOME: join(folder, 'work'),
      PATH: path.join(':'),
      npm_config_registry: NO_REGISTRY,
      COUNTERSIGN_URL: names['url'],
      PUBSUB_EMULATOR_HOST: world.pubsub.host,
      ...env,
    },
  });
}

async function run({ args, shell: inShell = (command) => command, env }: Case): Promise<Finished> {
  const typed = args.replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name] ?? name);
  return shell(inShell(`countersign ${typed}`), env);
}

describe('the package', () => {
  it('is installed from the file, without a registry', async () => {
    const prefix = join(folder, 'installed');
    const done = await shell(
      `npm install --global --prefix ${prefix} ${files}/countersign-cli-*.tgz && countersign version -o json`,
    );
    expect(done).toMatchObject({ code: 0 });
    expect(JSON.parse(done.stdout.slice(done.stdout.indexOf('{')))).toMatchObject({
      commit: 'c'.repeat(40),
      node: versionOf(findOlderNode()),
    });
  });

  it('runs without being installed, without a registry', async () => {
    const done = await shell(`cp ${files}/*.tgz . && npx --yes ./countersign-cli-*.tgz version`);
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toContain('countersign.dev/v1');
  });

  it('is the same, to the last byte, when it is built again', async () => {
    const { stdout } = await shell('countersign version -o json');
    const { version, commit } = JSON.parse(stdout);
    const outfile = join(folder, 'again', 'countersign.mjs');
    await bundleCommand({ root: ROOT, format: 'esm', outfile, release: { version, commit } });
    const [again, first] = [
      await readFile(outfile),
      await readFile(join(files, 'countersign.mjs')),
    ];
    expect(again.equals(first)).toBe(true);
  });

  it('is checked by its checksums', async () => {
    expect(await shell(`cd ${files} && sha256sum --check --strict SHA256SUMS`)).toMatchObject({
      code: 0,
    });
  });
});

describe('the executable', () => {
  it('brings its own Node, and says where local is', async () => {
    const program = `${files}/countersign-${process.platform}-${process.arch}`;
    const done = await shell(`PATH=/usr/bin ${program} version -o json`);
    expect(JSON.parse(done.stdout)).toMatchObject({ node: process.versions.node });
    expect(await shell(`${program} status`)).toMatchObject({ code: 0 });
    const local = await shell(`${program} local up`);
    expect(local.code).toBe(2);
    expect(local.stderr).toContain('the package and a checkout');
  });
});

describe('every verb, on an older Node and away from the checkout', () => {
  it('is in the table', () => {
    const typed = new Set(
      VERB_CASES.map(({ args }) => args.split(' ')).flatMap(([first = '', second = '']) => [
        first,
        `${first} ${second}`,
      ]),
    );
    const all = VERBS.map(({ noun, name }) => (noun === undefined ? name : `${noun} ${name}`));
    expect(all.filter((verb) => !typed.has(verb))).toEqual([]);
  });

  it('finds its fleet settled', async () => {
    const waited = await run({ args: 'wait {image}@{digest} --timeout 90s', code: 0 });
    expect(waited).toMatchObject({ code: 0 });
    const listed = await run({ args: 'rollouts -o json', code: 0 });
    const [rollout] = JSON.parse(listed.stdout).rollouts;
    names = { ...names, rollout: rollout.id };
  });

  it.each(VERB_CASES)('$args: $code', async (row) => {
    const done = await run(row);
    expect(done).toEqual(expected(row));
    expect(done.stdout + done.stderr).not.toMatch(NEVER);
    // There is no terminal.
    expect(done.stdout + done.stderr).not.toContain('\u001b');
  });
});

describe('its output, its API and its token', () => {
  it.each(WAY_CASES)('$args: $code', async (row) => {
    const done = await run(row);
    expect(done).toEqual(expected(row));
    expect(done.stdout + done.stderr).not.toMatch(NEVER);
    // There is no terminal.
    expect(done.stdout + done.stderr).not.toContain('\u001b');
  });
});

describe('on a terminal', () => {
  /** By script(1), which has one. */
  const typed = (env: Readonly<Record<string, string>>) =>
    shell('script -qec "countersign status --no-pager" /dev/null', { TERM: 'xterm', ...env });

  it('there are colours, and with NO_COLOR none', async () => {
    const coloured = await typed({});
    expect(coloured.stdout).toContain('6 RSyncs');
    expect(coloured.stdout).toContain('\u001b[');
    expect((await typed({ NO_COLOR: '1' })).stdout).not.toMatch(COLOUR);
  });
});

const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`);

/** A stack. */
const NEVER = /^ {4}at /m;

function expected({ code, out = /^/, err = /^/ }: Case): object {
  return { code, stdout: expect.stringMatching(out), stderr: expect.stringMatching(err) };
}
