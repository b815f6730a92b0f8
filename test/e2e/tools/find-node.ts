import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Beside the folders of PATH: where Debian and Node's own packages put it. */
const USUAL = ['/usr/bin', '/usr/local/bin'];

/** A Node of this machine that is older than the one that runs; that one where there is no other. */
export function findOlderNode(): string {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...USUAL];
  const [own] = process.versions.node.split('.');
  const found = folders
    .map((folder) => join(folder, 'node'))
    .filter((path) => existsSync(path))
    .find((path) => {
      const [major] = versionOf(path).split('.');
      return Number(major) >= 20 && Number(major) < Number(own);
    });
  return found ?? process.execPath;
}

/** `20.20.2`. */
export function versionOf(node: string): string {
  return execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().replace(/^v/, '');
}
