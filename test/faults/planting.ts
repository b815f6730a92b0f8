import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One change of the code. */
export interface Bug {
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const SOURCES = ['functions', 'shared', 'infra', 'test', 'package.json', 'tsconfig.json'];

/** Gives `use` a copy of the repository, which is gone afterwards. */
export function inCopy<T>(use: (copy: string) => T): T {
  const copy = mkdtempSync(join(tmpdir(), 'countersign-planted-'));
  try {
    for (const name of SOURCES) cpSync(join(root, name), join(copy, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    return use(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** What `use` returns while the bug is in the copy; undefined where the code has no place for it. */
export function plant<T>(copy: string, { file, find, replace }: Bug, use: () => T): T | undefined {
  const path = join(copy, file);
  const original = readFileSync(path, 'utf8');
  if (original.split(find).length !== 2) {
    process.stdout.write('  NOT PLANTED: the code is not there exactly once\n');
    return undefined;
  }
  writeFileSync(
    path,
    original.replace(find, () => replace),
  );
  try {
    return use();
  } finally {
    writeFileSync(path, original);
  }
}

/** What a script of the copy prints. */
export function runInCopy(copy: string, args: readonly string[], timeout: number): string {
  return spawnSync(process.execPath, [...args], { cwd: copy, timeout, encoding: 'utf8' }).stdout;
}
