import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Finished, runProcess } from '#test/e2e/tools/process.ts';
import { patiently } from '#test/patience.ts';
import { documentedBlock } from './blocks.ts';
import { ROOT } from './markdown.ts';

/** What a command needs of the repository, and nothing that a local world would write into. */
const NEEDED = ['functions', 'infra', 'node_modules', 'package.json', 'shared'];
const TIMEOUT_MS = patiently(300_000);

export interface Desk {
  readonly folder: string;
  /** Runs a block as its page has it, `from` replaced by `to` in it where the world is elsewhere. */
  run(id: string, options?: RunOptions): Promise<Finished>;
  /** Runs lines as people type them. */
  shell(script: string, env?: Environment): Promise<Finished>;
  clear(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

export interface RunOptions {
  readonly env?: Environment;
  /** What is elsewhere in this run: ports, for one. */
  readonly places?: Readonly<Record<string, string>>;
  /** Typed before the block, as an earlier block of the same page. */
  readonly before?: string;
}

/** A clone as far as commands go: links to this repository's files, in a folder of its own. */
export async function openDesk(): Promise<Desk> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-desk-'));
  for (const name of NEEDED) await symlink(join(ROOT, name), join(folder, name));
  return deskIn(folder);
}

/** A shell in `folder`, with the tools in `bin` first; it stops at the first line that fails. */
export function deskIn(folder: string, bin?: string): Desk {
  async function shell(script: string, env: Environment = {}): Promise<Finished> {
    // As docs/command.md says it of a checkout.
    const launcher = join(folder, 'infra', 'bin');
    const path = [launcher, ...(bin === undefined ? [] : [bin]), process.env['PATH']].join(
      delimiter,
    );
    return runProcess({
      command: 'bash',
      args: ['-euo', 'pipefail', '-c', script],
      cwd: folder,
      // npm hands its own settings down, those of this test's run among them.
      env: { ...withoutNpm(), NO_UPDATE_NOTIFIER: '1', HOME: folder, PATH: path, ...env },
      timeout: TIMEOUT_MS,
    });
  }
  return {
    folder,
    shell,
    run: (id, { env = {}, places = {}, before = '' } = {}) =>
      shell(moved(`${before}\n${documentedBlock(id)}`, places), env),
    clear: () => rm(folder, { recursive: true, force: true }),
  };
}

/** `script` with every place where the world of this run has it. */
function moved(script: string, places: Readonly<Record<string, string>>): string {
  return Object.entries(places).reduce((text, [from, to]) => text.replaceAll(from, to), script);
}

function withoutNpm(): Environment {
  const npm = Object.keys(process.env).filter((name) => /^npm_|^NODE_OPTIONS$|^VITEST/.test(name));
  return Object.fromEntries(npm.map((name) => [name, undefined]));
}
