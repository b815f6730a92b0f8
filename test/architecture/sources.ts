import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** One TypeScript file of the repository, and what it imports. */
export interface SourceFile {
  /** Relative to the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly imports: readonly Import[];
}

export interface Import {
  /** A path relative to the repository; or the name of a package or Node module. */
  readonly target: string;
  readonly ours: boolean;
  /** Erased at run time: `import type`, or every name marked `type`. */
  readonly typeOnly: boolean;
  /** By `import()`: loaded when the code comes to it. */
  readonly late: boolean;
}

const STATIC = /^(?:import|export)\s+(type\s+)?(?:([^'"=;]*?)\s+from\s+)?'([^']+)';/gm;
const DYNAMIC = /\bimport\('([^']+)'\)/g;

/** Every TypeScript file that matches one of the globs. */
export function readSources(...globs: readonly string[]): readonly SourceFile[] {
  return globSync([...globs], { cwd: ROOT })
    .map((path) => path.split(/[\\/]/).join('/'))
    .toSorted()
    .map(readSource);
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const imports = [
    ...[...text.matchAll(STATIC)].map(([, type, names = '', specifier = '']) =>
      toImport(path, specifier, { typeOnly: type !== undefined || onlyTypes(names), late: false }),
    ),
    ...[...text.matchAll(DYNAMIC)].map(([, specifier = '']) =>
      toImport(path, specifier, { typeOnly: false, late: true }),
    ),
  ];
  return { path, text, lines: text.split('\n').length - 1, imports };
}

function onlyTypes(names: string): boolean {
  const listed = /^\{([^}]*)\}$/s
    .exec(names.trim())?.[1]
    ?.split(',')
    .map((name) => name.trim());
  return listed?.every((name) => name === '' || name.startsWith('type ')) ?? false;
}

function toImport(from: string, specifier: string, how: Pick<Import, 'typeOnly' | 'late'>): Import {
  if (specifier.startsWith('#')) return { target: specifier.slice(1), ours: true, ...how };
  if (!specifier.startsWith('.')) return { target: specifier, ours: false, ...how };
  const target = relative(ROOT, join(ROOT, dirname(from), specifier))
    .split(/[\\/]/)
    .join('/');
  return { target, ours: true, ...how };
}
