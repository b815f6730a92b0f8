import { basename } from 'node:path';
import type { Reporter } from 'vitest/node';

const SHOWN = 12;

interface Took {
  readonly name: string;
  readonly ms: number;
}

/**
 * Prints how many files ran at a time, and the files and the tests that took longest: what to begin first
 * (longest-first.ts), and what to make shorter.
 */
export function createPrintLongest(print: (line: string) => void, workers: number): Reporter {
  const list = (what: string, all: readonly Took[]): void => {
    print(`    Longest ${what}\n`);
    for (const { name, ms } of all.toSorted((a, b) => b.ms - a.ms).slice(0, SHOWN)) {
      print(`    ${String(Math.round(ms / 1000)).padStart(5)} s  ${name}\n`);
    }
  };
  return {
    onTestRunEnd(modules) {
      const files: Took[] = [];
      const tests: Took[] = [];
      for (const module of modules) {
        const file = basename(module.moduleId, '.test.ts');
        files.push({ name: file, ms: module.diagnostic().duration });
        for (const test of module.children.allTests()) {
          tests.push({ name: `${file}: ${test.fullName}`, ms: test.diagnostic()?.duration ?? 0 });
        }
      }
      const seconds = files.reduce((sum, { ms }) => sum + ms, 0) / 1000;
      print(
        `    ${files.length} files, ${workers} at a time, ${Math.round(seconds)} s one after the other\n`,
      );
      list('files', files);
      list('tests', tests);
    },
  };
}
