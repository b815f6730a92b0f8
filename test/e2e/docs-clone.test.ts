import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { documentedBlock } from '#test/docs/blocks.ts';
import { type Desk, deskIn, type RunOptions } from '#test/docs/desk.ts';
import { ROOT } from '#test/docs/markdown.ts';
import { patiently, SELDOM } from '#test/patience.ts';
import { findTool } from '#infra/local/real/find-tool.ts';
import { type Finished, type RunningProcess, runProcess, startProcess } from './tools/process.ts';

/** Beside whatever world runs on this machine by its usual ports, and other runs of the tests; below outgoing connections. */
const OFFSET = randomInt(10_000, 24_000);
const PLACES = {
  '127.0.0.1:5000': `127.0.0.1:${5000 + OFFSET}`,
  '127.0.0.1:8080': `127.0.0.1:${8080 + OFFSET}`,
  '127.0.0.1:8085': `127.0.0.1:${8085 + OFFSET}`,
};
const CONFIG = 'countersign.yaml';
/** As in .gitignore. */
const IGNORED: ReadonlySet<string> = new Set(['node_modules', 'dist', '.local', 'coverage']);
const SETUP_MS = patiently(600_000);
const STEP_MS = patiently(300_000);

/** Text of the quick start's terminal: its names are exported once, at the top. */
const NAMES = documentedBlock('quick-start-names');

let folder: string;
let desk: Desk;
let world: RunningProcess | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-clone-'));
  const bin = join(folder, 'bin');
  await mkdir(bin);
  // As people have them: under their own names.
  for (const [name, tool] of [
    ['crane', 'crane'],
    ['oras', 'oras'],
    ['cosign', 'cosign3'],
  ] as const) {
    await symlink(findTool(tool), join(bin, name));
  }
  const clone = join(folder, 'countersign');
  await cloneTo(clone);
  // Its demo bundles nothing where the sources are the same: `.ci/run` bundles in a checkout without.
  await cp(join(ROOT, 'dist'), join(clone, 'dist'), { recursive: true });
  desk = deskIn(clone, bin);
}, SETUP_MS);
afterAll(async () => {
  await world?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What a newcomer gets; of sources that came without their history, all that git would keep. */
async function cloneTo(clone: string): Promise<void> {
  if (!existsSync(join(ROOT, '.git'))) {
    const filter = (path: string): boolean => !IGNORED.has(basename(path));
    return cp(ROOT, clone, { recursive: true, filter });
  }
  const args = ['clone', '--quiet', '--no-hardlinks', ROOT, clone];
  const cloned = await runProcess({ command: 'git', args });
  if (cloned.code !== 0) throw new Error(cloned.stderr);
}

/** A step of the quick start, in the terminal where its names are known. */
function step(id: string, { before = '', ...options }: RunOptions = {}): Promise<Finished> {
  return desk.run(id, { places: PLACES, ...options, before: `${NAMES}\n${before}` });
}

/** The same step until it says `text`: what it shows comes within seconds, not at once. */
function stepUntil(id: string, text: RegExp, options?: RunOptions): Promise<Finished> {
  return vi.waitUntil(async () => {
    const done = await step(id, options);
    return text.test(done.stdout) && done;
  }, SELDOM);
}

describe('an empty clone', () => {
  it(
    'runs the two commands of the README',
    async () => {
      const { code, stdout, stderr } = await desk.run('readme-two-commands');
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
      const shown = stripVTControlCharacters(stdout);
      expect(shown).toMatch(
        /Held: the gate refuses it to Config Sync in every cluster \(KNV2002\)/,
      );
      expect(shown).toMatch(/Synced: RootSync\/root-sync of every cluster runs it/);
      // What the quick start begins with is the same.
      expect(documentedBlock('quick-start-demo')).toBe(documentedBlock('readme-two-commands'));
    },
    SETUP_MS,
  );

  it(
    'starts a world that stays',
    async () => {
      const command = `${documentedBlock('quick-start-local')} -- --port-offset ${OFFSET}`;
      world = await startProcess({
        command: 'bash',
        args: ['-c', `exec ${command}`],
        cwd: desk.folder,
        timeout: STEP_MS,
        ready: (output) => output.includes('The local world is up'),
      });
      expect(world.output()).toContain(PLACES['127.0.0.1:5000']);
      expect(world.output()).toContain('6 RSyncs on 3 clusters: all is well');
    },
    STEP_MS,
  );
});

describe('the quick start', () => {
  it('does not approve an unsigned image, and says why', async () => {
    expect(await step('quick-start-push')).toMatchObject({ code: 0 });
    const held = await step('quick-start-held');
    expect(held).toMatchObject({ code: 0 });
    const [, pushed, live] = /^sha256:([0-9a-f]{64})\n([0-9a-f]{64})$/.exec(held.stdout) ?? [];
    expect(live).not.toBe(pushed);
    const why = await step('quick-start-explain');
    expect(why.code).toBe(1);
    expect(why.stdout).toMatch(/^signatures +waiting +Not signed: sign the digest with cosign/m);
    expect(why.stdout).toMatch(/^gate +well +Nothing was refused/m);
  });

  it('takes it up once it is signed, and shows what was written', async () => {
    const signed = await step('quick-start-sign');
    expect(signed).toMatchObject({ code: 0 });
    expect(signed.stdout).toMatch(/Live everywhere\n$/);
    const written: unknown = JSON.parse((await step('quick-start-annotations')).stdout);
    expect(written).toEqual({
      'applyset.kubernetes.io/tooling': 'configsync.gke.io/v1',
      'configsync.gke.io/image-to-sync': expect.stringMatching(
        /platform:v1(@sha256:[0-9a-f]{64})\1$/,
      ),
      'countersign.dev/approved': expect.stringMatching(
        /^sha256:[0-9a-f]{64} sha256:[0-9a-f]{64}$/,
      ),
      'countersign.dev/receipt': expect.stringContaining('"authorities":["release-key"]'),
    });
    // As the page shows it, key by key.
    const shown = documentedJson(await readFile(join(ROOT, 'docs/quick-start.md'), 'utf8'));
    expect(keysOf(written)).toEqual(keysOf(shown));
  });

  it('refuses a forged approval', async () => {
    const forged = await step('quick-start-forge');
    expect(forged.code).toBe(1);
    expect(forged.stderr).toContain("ValidatingAdmissionPolicy 'countersign-gate'");
  });

  it('never refuses what is signed before it is tagged', async () => {
    const done = await step('quick-start-sign-first');
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toMatch(/Live everywhere\n$/);
  });

  it('keeps every cluster where it is when another key signs', async () => {
    const tried = await step('quick-start-wrong-key');
    expect(tried).toMatchObject({ code: 0 });
    expect(tried.stdout).toMatch(
      /^Not trusted under policy "release": .*[^]* wrong-key[^\n]*\nexited 1$/m,
    );
    const status = await stepUntil(
      'quick-start-status',
      /RepoSync\/team-a\/repo-sync +Synced[^]*RootSync\/root-sync +Synced/,
    );
    expect(status).toMatchObject({ code: 0 });
  });

  it('asks for a resync, and says beforehand what it would change', async () => {
    const asked = await step('quick-start-resync');
    expect(asked).toMatchObject({ code: 0 });
    expect(asked.stdout).toMatch(/^none +cluster-3 +RootSync\/root-sync +Live$/m);
    expect(asked.stdout).toMatch(/^Resync [0-9a-f-]{36}: 1 cluster tasked$/m);
  });

  it('shows what happened', async () => {
    const { stdout } = await stepUntil('quick-start-events', /image\.untrusted/);
    for (const line of [
      /^INFO image\.unsigned +No signature in any known place/m,
      /^INFO sync\.approved cluster-1 RootSync\/root-sync Approved$/m,
      /^INFO sync\.synced cluster-1 RootSync\/root-sync Live$/m,
      /^ERROR image\.untrusted +No trusted signature: wrong-key$/m,
    ]) {
      expect(stdout).toMatch(line);
    }
  });
});

describe('the commands', () => {
  const env = { PUBSUB_EMULATOR_HOST: PLACES['127.0.0.1:8085'], COUNTERSIGN_CONFIG: CONFIG };

  beforeAll(async () => {
    const text = await readFile(join(desk.folder, '.local', CONFIG), 'utf8');
    await writeFile(join(desk.folder, CONFIG), text.replaceAll('./', './.local/'));
  });

  it('of the README do what they say', async () => {
    const done = await step('readme-commands', { env });
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toContain(`${CONFIG}: ok`);
    expect(done.stdout).toContain('Verified by release-key under policy "release"');
    expect(done.stdout).toContain('kind: ValidatingAdmissionPolicyBinding');
    expect(done.stdout).toContain('The gate would refuse nothing in 3 clusters');
    expect(done.stdout).toContain('No dead letters');
    expect(done.stdout).toMatch(/^WELL +6 RSyncs on 3 clusters/m);
  });

  it('of docs/api.md do what they say', async () => {
    const done = await step('api-commands', { before: 'DIGEST=$(crane digest $IMAGE)' });
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toMatch(/is live and approved: nothing to do[^]*Verified by release-key/);
    expect(done.stdout).toMatch(/Live everywhere\nNo roll-outs\n[^\n]+\n$/);
  });

  it('of docs/api.md find in the history what has happened since', async () => {
    const done = await step('api-history');
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toMatch(/ sync\.approved +cluster-\d RootSync\/root-sync +.*Approved/);
  });

  it('of docs/install.md do what they say', async () => {
    const version = await step('install-checkout');
    expect(version).toMatchObject({ code: 0 });
    expect(version.stdout).toMatch(/^version +\d+\.\d+\.\d+\n/);
    const shell = await step('install-shell');
    expect(shell).toMatchObject({ code: 0 });
    expect(shell.stdout).toContain('Every verb ends with one of these');
    expect(await readFile(join(desk.folder, 'countersign.1'), 'utf8')).toMatch(
      /^\.TH COUNTERSIGN 1/,
    );
  });

  it('of docs/dead-letters.md do what they say', async () => {
    const done = await step('dead-letters-commands', { env });
    // There is no letter of that number to drop.
    expect(done).toMatchObject({ code: 1 });
    expect(done.stdout).toContain('No dead letters');
  });

  it('of docs/restore.md do what they say', async () => {
    const done = await step('restore-resync');
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toMatch(/: 3 clusters tasked$/m);
  });
});

/** The one JSON sample of the quick start. */
function documentedJson(page: string): unknown {
  return JSON.parse(/```json\n([^]*?)```/.exec(page)?.[1] ?? '');
}

function keysOf(value: unknown): readonly string[] {
  return Object.keys(typeof value === 'object' && value !== null ? value : {}).toSorted();
}
