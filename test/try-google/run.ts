import { spawn } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { type PlayDeps, play, type Ran, type State, undo } from './play.ts';
import { reportInto } from './report.ts';
import { fill, type Step } from './step.ts';
import { trySteps } from './steps.ts';

const USAGE = `Usage: npm run try-google -- --project P [--region R] [--membership NAME [--location L]] [--dry-run] [--keep] [--report FILE]
       npm run try-google -- --project P --clean

Goes the way of docs/google-cloud.md on a real project, which must have billing and no Countersign: a scratch project is
best. It takes about an hour with a cluster of its own, makes what costs money, and removes all it made at its end, also
after Ctrl-C. What it found is written into docs/support.md.
  --membership  a cluster of the project's fleet with Config Sync; without it one is made (GKE Autopilot) and deleted
  --location    of the membership; the region without it
  --dry-run     prints every command, and runs none
  --keep        removes nothing at the end; --clean does it later
  --clean       removes what an earlier try made and did not remove
  --report      the page to write to, in place of docs/support.md
  --folder      where it keeps what it must know to remove all; .local/try-google without it
`;

const ROOT = join(import.meta.dirname, '../..');
const PROJECT = /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/;
const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const LEFT = `Left, for Google deletes no key ring and an API costs nothing: the key ring "countersign" with its key, and the APIs that are enabled. \`gcloud kms keys versions destroy 1 --key=release --keyring=countersign --location=REGION\` ends what the key costs, and what it signed cannot be verified afterwards.
`;
const MAX_OUTPUT = 1_000_000;

const stateSchema = z.object({
  facts: z.record(z.string(), z.string()),
  begun: z.array(z.string()),
});

interface Options {
  readonly project: string;
  readonly region: string;
  readonly membership: string | undefined;
  readonly location: string;
  readonly dryRun: boolean;
  readonly keep: boolean;
  readonly clean: boolean;
  readonly report: string;
  readonly folder: string;
}

/** Undefined: what was typed means nothing. */
function readOptions(args: string[]): Options | undefined {
  try {
    const { values } = parseArgs({
      args,
      options: {
        project: { type: 'string' },
        region: { type: 'string', default: 'us-central1' },
        membership: { type: 'string' },
        location: { type: 'string' },
        'dry-run': { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        clean: { type: 'boolean', default: false },
        report: { type: 'string', default: join(ROOT, 'docs/support.md') },
        folder: { type: 'string', default: join(ROOT, '.local/try-google') },
      },
    });
    const {
      project = '',
      region,
      membership,
      location = region,
      keep,
      clean,
      report,
      folder,
    } = values;
    const named = [region, location, membership ?? 'none'].every((name) => NAME.test(name));
    if (!PROJECT.test(project) || !named) return undefined;
    return {
      project,
      region,
      membership,
      location,
      dryRun: values['dry-run'],
      keep,
      clean,
      report,
      folder,
    };
  } catch {
    return undefined;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Programs of this try, with a kubeconfig and registry credentials of its own. */
function openDeps(folder: string, stop: AbortSignal): PlayDeps {
  const env = {
    ...process.env,
    KUBECONFIG: join(folder, 'kubeconfig'),
    DOCKER_CONFIG: join(folder, 'docker'),
    CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
    TF_IN_AUTOMATION: '1',
  };
  return {
    run: (argv, at, signal) =>
      runProgram(argv, { cwd: at === 'checkout' ? ROOT : folder, env, signal }),
    async write(file, text) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), text);
    },
    remember: (state) => writeFile(join(folder, 'state.json'), JSON.stringify(state)),
    say,
    now: () => performance.now(),
    pause: (ms) => pause(ms, undefined, { signal: stop }).catch(() => undefined),
    stop,
  };
}

function runProgram(
  [command = '', ...args]: readonly string[],
  { signal, ...options }: { cwd: string; env: NodeJS.ProcessEnv; signal: AbortSignal | undefined },
): Promise<Ran> {
  return new Promise((done) => {
    // A group of its own: Ctrl-C reaches it through the signal only, so that the clean end is not cut off.
    const child = spawn(command, args, {
      ...options,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const end = (): void => void (child.pid !== undefined && process.kill(-child.pid, 'SIGINT'));
    signal?.addEventListener('abort', end, { once: true });
    let stdout = '';
    let stderr = '';
    child.stdout.on(
      'data',
      (chunk) => void (stdout = `${stdout}${String(chunk)}`.slice(-MAX_OUTPUT)),
    );
    child.stderr.on(
      'data',
      (chunk) => void (stderr = `${stderr}${String(chunk)}`.slice(-MAX_OUTPUT)),
    );
    child.on('error', (error) => done({ code: 127, stdout: '', stderr: error.message }));
    child.on('close', (code) => {
      signal?.removeEventListener('abort', end);
      done({ code: code ?? 1, stdout, stderr });
    });
  });
}

async function readState(folder: string): Promise<State | undefined> {
  try {
    return stateSchema.parse(JSON.parse(await readFile(join(folder, 'state.json'), 'utf8')));
  } catch (error) {
    if (Object(error).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function cleanUp(
  steps: readonly Step[],
  state: State,
  { folder, deps }: { readonly folder: string; readonly deps: PlayDeps },
): Promise<readonly string[]> {
  say('Removing what was made');
  const failed = await undo(steps, state, deps);
  if (failed.length === 0) {
    await rm(folder, { recursive: true });
    say(LEFT);
  } else {
    say(`${failed.length} removals failed; after their cause is gone, run it again with --clean:`);
    for (const typed of failed) say(`    ${typed}`);
  }
  return failed;
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  const { project, region, location, dryRun, keep, clean, report } = options;
  const folder = resolve(options.folder, project);
  const image = `${region}-docker.pkg.dev/${project}/configs/countersign-try`;
  const key = `gcpkms://projects/${project}/locations/${region}/keyRings/countersign/cryptoKeys/release/cryptoKeyVersions/1`;
  const membership = options.membership ?? 'countersign-try';
  const facts = {
    PROJECT: project,
    REGION: region,
    LOCATION: location,
    MEMBERSHIP: membership,
    IMAGE: image,
    KEY: key,
    FOLDER: folder,
    GIVEN: options.membership ?? '',
  };
  const steps = trySteps(options.membership);
  if (dryRun) {
    for (const { title, commands, undo: removals = [] } of steps) {
      say(title);
      for (const command of commands) say(`    ${fill(command.run, facts)}`);
      for (const command of removals) say(`  at the end: ${fill(command.run, facts)}`);
    }
    return 0;
  }
  const controller = new AbortController();
  process.on('SIGINT', () => {
    if (controller.signal.aborted) process.exit(130);
    say('\nStopping; once more leaves all as it is, for --clean');
    controller.abort();
  });
  const deps = openDeps(folder, controller.signal);
  const before = await readState(folder);
  if (clean) {
    if (before === undefined) say('Nothing is left of an earlier try');
    if (before === undefined) return 0;
    const made = trySteps(before.facts['GIVEN'] || undefined);
    return (await cleanUp(made, before, { folder, deps })).length === 0 ? 0 : 1;
  }
  if (before !== undefined) {
    process.stderr.write(`An earlier try left something: run it with --clean first (${folder})\n`);
    return 2;
  }
  await mkdir(folder, { recursive: true });
  await cp(join(ROOT, 'infra/terraform'), join(folder, 'terraform'), {
    recursive: true,
    filter: (path) => !path.includes('.terraform'),
  });
  const { outcomes, state } = await play(steps, { facts, begun: [] }, deps);
  const left = keep ? [] : await cleanUp(steps, state, { folder, deps });
  const { REVISION: revision = '', GCLOUD_VERSION: gcloud = '', ACCOUNT = '' } = state.facts;
  const day = new Date().toISOString().slice(0, 10);
  const secrets = [folder, project, ACCOUNT, ROOT];
  const page = await readFile(report, 'utf8');
  await writeFile(
    report,
    reportInto(page, { outcomes, left: left.length, day, revision, gcloud, secrets }),
  );
  for (const { step, status } of outcomes) say(`${status.padEnd(12)} ${step.title}`);
  return outcomes.every(({ status }) => status === 'held') && left.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
