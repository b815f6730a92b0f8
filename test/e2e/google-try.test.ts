import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkspace, type Workspace } from '#test/terraform/workspace.ts';
import { type Kube, startKube } from '#infra/local/kube/start-kube.ts';
import { createGatewayFront } from './google/clusters.ts';
import { createListsFront } from './google/lists.ts';
import { type Front, startFront } from './google/front.ts';
import { openPrograms, type Programs } from './google/programs.ts';
import { createRegistryFront } from './google/registry.ts';
import { OWNER, type RunningGoogle, startGoogle } from './google/start.ts';

// `npm run try-google` with real programs at the emulated Google.

const ROOT = join(import.meta.dirname, '../..');
let google: RunningGoogle;
let front: Front;
let programs: Programs;
let workspace: Workspace;
let folder: string;
/** Programs that come before those of the machine. */
let quick: string;
let kube: Kube;

beforeAll(async () => {
  google = await startGoogle();
  kube = await startKube({ name: 'mine' });
  front = await startFront(google, [
    createListsFront(google),
    createGatewayFront(google, kube.url),
    createRegistryFront(google),
  ]);
  programs = await openPrograms(front);
  workspace = await openWorkspace('stand-in');
  folder = await mkdtemp(join(tmpdir(), 'countersign-try-'));
  quick = join(folder, 'bin');
  await mkdir(quick);
  for (const name of ['crane', 'cosign'])
    await symlink(join(programs.folder, 'bin', name), join(quick, name));
  await symlink('/bin/true', join(quick, 'sleep'));
  await cp(join(ROOT, 'docs/support.md'), join(folder, 'support.md'));
});
afterAll(async () => {
  await programs?.close();
  await front?.close();
  await workspace?.close();
  await google?.close();
  await kube?.close();
  await rm(folder, { recursive: true });
});

/** Runs the script as the owner of the project; `sleep` returns at once, for nothing settles here. */
function attempt(...args: readonly string[]): ReturnType<Programs['run']> {
  const script = join(ROOT, 'test/try-google/run.ts');
  const own = [
    '--project',
    'acme-prod',
    '--folder',
    folder,
    '--report',
    join(folder, 'support.md'),
  ];
  return programs.run(OWNER, [process.execPath, script, ...own, ...args], {
    COUNTERSIGN_EMULATED_GOOGLE: google.url,
    COUNTERSIGN_EMULATED_TOKEN: google.token(OWNER),
    TF_CLI_ARGS_init: `-plugin-dir=${join(dirname(workspace.module), 'mirror')}`,
    CLOUDSDK_CORE_ACCOUNT: 'owner@acme.example',
    PATH: `${quick}:${process.env['PATH'] ?? ''}`,
  });
}

/** What Google keeps, but for what it never deletes. */
function left(): readonly string[] {
  return [...google.resources]
    .filter(([name, { deleted }]) => !name.startsWith('serviceusage/') && deleted !== true)
    .map(([name]) => name)
    .filter((name) => !/\/revisions\/|\/keyRings\/countersign/.test(name));
}

describe('a try on a project', () => {
  it('can be read before it is run, and asks nothing of Google then', async () => {
    const { code, stdout } = await attempt('--dry-run');
    expect([code, google.resources.size, google.used]).toEqual([0, 0, []]);
    for (const made of [
      'clusters create-auto',
      'apply -auto-approve',
      'builds submit',
      'cosign sign',
    ])
      expect(stdout).toContain(made);
    expect(stdout).toContain('at the end: gcloud container clusters delete');
  });

  it('goes as far as Google lets it, and writes what held into the page', async () => {
    google.weather.failing.add('countersign-push');
    const { code } = await attempt('--membership', 'mine', '--keep');
    const page = await readFile(join(folder, 'support.md'), 'utf8');
    const held = [...page.matchAll(/^\| .* \| (held|did not hold|not reached) \|/gm)];
    const [machine, project, cluster, apply, ...rest] = held.map(([, status]) => status);
    expect([code, machine, project, cluster, apply]).toEqual([
      1,
      'held',
      'held',
      'held',
      'did not hold',
    ]);
    expect(new Set(rest)).toEqual(new Set(['not reached']));
    expect(page).not.toMatch(/acme-prod|owner@acme/);
    expect(left()).not.toEqual([]);
  });

  it('is not begun again over what an earlier one left', async () => {
    expect((await attempt('--membership', 'mine')).code).toBe(2);
  });

  it('is cleaned up later, and leaves nothing', async () => {
    expect((await attempt('--clean')).code).toBe(0);
    expect(left()).toEqual([]);
    expect(google.problems).toEqual([]);
  });

  it('takes the key of the one before, and cleans up by itself where a step does not hold', async () => {
    google.weather.failing.clear();
    const { code } = await attempt('--membership', 'mine');
    const page = await readFile(join(folder, 'support.md'), 'utf8');
    expect(code).toBe(1);
    expect(page).toContain('| One apply makes all of it, and the next plan is empty | held |');
    expect(page).toContain('| One build tests, signs and deploys the functions | did not hold |');
    expect(page).toContain('Everything it made was removed.');
    expect(left()).toEqual([]);
  });
});
