import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { mountedFiles, planOf } from './rendered.ts';
import {
  EXAMPLES,
  MODULE,
  openWorkspace,
  PROVIDER_VERSION,
  terraformVersion,
  type Workspace,
} from './workspace.ts';

// `npm run terraform [-- --registry] [--write]`: fmt -check, then init, validate and test of the module and its
// examples. Exit code 0: all well, 1: something is not, 2: it could not be checked.
// --registry  with the real provider, which `terraform init` fetches; without it, with a stand-in that has its schema
// --write     also writes the config that each example renders beside it

const { values } = parseArgs({
  options: {
    registry: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Runs one command, shows what it says when it fails, and whether it did. */
async function check(
  workspace: Workspace,
  folder: string,
  ...args: readonly string[]
): Promise<boolean> {
  const { code, stdout, stderr } = await workspace.terraform(folder, ...args, '-no-color');
  const name = folder.slice(workspace.module.length + 1) || 'module';
  const last = stdout.trim().split('\n').at(-1) ?? '';
  say(`${code === 0 ? 'ok    ' : 'FAILED'} terraform ${args.join(' ')} (${name}): ${last}`);
  if (code !== 0) say(`${stdout}${stderr}`);
  return code === 0;
}

async function checkAll(): Promise<boolean> {
  const workspace = await openWorkspace(values.registry ? 'registry' : 'stand-in');
  try {
    const done = [await check(workspace, workspace.module, 'fmt', '-check', '-recursive')];
    const folders = [workspace.module, ...EXAMPLES.map((name) => workspace.example(name))];
    for (const folder of folders) {
      done.push(await check(workspace, folder, 'validate'));
      done.push(await check(workspace, folder, 'test'));
    }
    if (values.write && !done.includes(false)) await writeRendered(workspace);
    return !done.includes(false);
  } finally {
    await workspace.close();
  }
}

async function writeRendered(workspace: Workspace): Promise<void> {
  for (const name of EXAMPLES) {
    const plan = await planOf(workspace, workspace.example(name));
    for (const [path, text] of mountedFiles(plan)) {
      const file = join(MODULE, 'examples', name, 'rendered', path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
      say(`wrote  examples/${name}/rendered/${path}`);
    }
  }
}

try {
  say(terraformVersion());
  say(
    values.registry
      ? 'Provider: hashicorp/google from the registry'
      : `Provider: a stand-in with the schema of hashicorp/google ${PROVIDER_VERSION} ; what the real one checks beyond its schema was not checked (-- --registry runs it, where it can be downloaded)`,
  );
  process.exitCode = (await checkAll()) ? 0 : 1;
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
