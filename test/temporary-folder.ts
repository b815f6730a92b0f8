import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const NAME = /^countersign-tests-(\d+)-/;

/** One folder for all temporary files of a run of the tests. It goes when the run ends, or, after SIGKILL, with the next run. */
export default function setup(): () => void {
  const outer = process.env['TMPDIR'];
  removeLeftovers();
  const folder = mkdtempSync(join(tmpdir(), `countersign-tests-${process.pid}-`));
  process.env['TMPDIR'] = folder;
  return () => {
    rmSync(folder, { recursive: true, force: true });
    if (outer === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = outer;
  };
}

/** Folders of runs that were killed. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(NAME.exec(name)?.[1]);
    if (pid > 0 && !isAlive(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // A run of another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
