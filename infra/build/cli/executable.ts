import { chmod, copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../image/run.ts';

interface ExecutableOptions {
  readonly root: string;
  /** The command as one CommonJS file. */
  readonly script: string;
  readonly outdir: string;
}

/** Where Node looks for a script in its own binary, and the mark that says that one is there (Node's manual, "Single executable applications"). */
const [RESOURCE, FUSE] = ['NODE_SEA_BLOB', 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'];
const PROGRAM_MODE = 0o755;

/**
 * Makes a single executable of the command and of this repository's Node, for the machine that builds it: Linux, or
 * macOS, where it is signed ad hoc, for an unsigned one does not start there. Returns its path.
 */
export async function makeExecutable(options: ExecutableOptions): Promise<string> {
  const { root, script, outdir } = options;
  const { platform, arch } = process;
  const file = join(outdir, `countersign-${platform}-${arch}`);
  const [settings, blob] = [join(outdir, 'executable.json'), join(outdir, 'executable.blob')];
  const sea = {
    main: script,
    output: blob,
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    useCodeCache: false,
  };
  await writeFile(settings, JSON.stringify(sea));
  const node = join(root, 'node_modules', 'node', 'bin', 'node');
  await run(node, [`--experimental-sea-config=${settings}`], outdir);
  await rm(file, { force: true });
  await copyFile(node, file);
  await chmod(file, PROGRAM_MODE);
  const onMac = platform === 'darwin';
  if (onMac) await run('codesign', ['--remove-signature', file], outdir);
  const segment = onMac ? ['--macho-segment-name', 'NODE_SEA'] : [];
  const postject = join(root, 'node_modules', 'postject', 'dist', 'cli.js');
  await run(node, [postject, file, RESOURCE, blob, '--sentinel-fuse', FUSE, ...segment], outdir);
  if (onMac) await run('codesign', ['--sign', '-', file], outdir);
  await rm(settings);
  await rm(blob);
  return file;
}
