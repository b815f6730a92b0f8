import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalWorldError } from '#infra/local/local-world/local-world-error.ts';
import { findHolder, lockFolder } from '#infra/local/local-world/lock-folder.ts';

const MODULE = fileURLToPath(
  new URL('../../../../../infra/local/local-world/lock-folder.ts', import.meta.url),
);
/** What this process has open, where the system shows it. */
const OPEN_FILES = '/proc/self/fd';
let dir: string;
let path: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'countersign-lock-'));
  path = join(dir, 'world.lock');
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Tries from another process, and gives its exit code: 0 got it, 3 was refused. */
function tryElsewhere(then = ''): number | null {
  const script = `import { lockFolder } from ${JSON.stringify(MODULE)};
    try { lockFolder(${JSON.stringify(path)}, 'there'); } catch { process.exit(3); } ${then}`;
  try {
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
    return 0;
  } catch (error) {
    return error instanceof Error && 'status' in error ? Number(error.status) : null;
  }
}

/** Undefined for what was closed meanwhile. */
function linkOf(open: string): string | undefined {
  try {
    return readlinkSync(open);
  } catch {
    return undefined;
  }
}

describe('lockFolder()', () => {
  it('keeps others out and names who is in', () => {
    const lock = lockFolder(path, dir);
    expect(() => lockFolder(path, dir)).toThrow(LocalWorldError);
    expect(() => lockFolder(path, dir)).toThrow(`in ${dir} (process ${process.pid})`);
    expect(tryElsewhere()).toBe(3);
    lock.close();
  });

  it('keeps others out while one that starts writes who it is', () => {
    using other = new DatabaseSync(path);
    other.exec('BEGIN EXCLUSIVE');
    expect(() => lockFolder(path, dir)).toThrow(LocalWorldError);
    expect(() => lockFolder(path, dir)).toThrow(`starts in ${dir}`);
  });

  it('lets the next in once it is closed', () => {
    lockFolder(path, dir).close();
    expect(tryElsewhere()).toBe(0);
  });

  it.runIf(existsSync(OPEN_FILES))('keeps no file open where it fails', () => {
    writeFileSync(path, 'no database at all');
    expect(() => lockFolder(path, dir)).toThrow('file is not a database');
    const open = readdirSync(OPEN_FILES).map((fd) => linkOf(join(OPEN_FILES, fd)));
    expect(open).not.toContain(realpathSync(path));
  });

  it('ends with its process, however that ends', () => {
    tryElsewhere(`process.kill(process.pid, 'SIGKILL');`);
    expect(() => lockFolder(path, dir).close()).not.toThrow();
  });
});

describe('findHolder()', () => {
  it('names the process that is in, and leaves no file where none was', () => {
    expect(findHolder(path)).toBeUndefined();
    expect(readdirSync(dir)).toEqual([]);
    const lock = lockFolder(path, dir);
    expect(findHolder(path)).toBe(process.pid);
    lock.close();
    expect(findHolder(path)).toBeUndefined();
  });

  it('finds none where the one that was in was killed', () => {
    tryElsewhere(`process.kill(process.pid, 'SIGKILL');`);
    expect(findHolder(path)).toBeUndefined();
  });
});
