import type { Reporter, TestCase } from 'vitest/node';

/** Of the tests of a run, each table as one. */
interface Counts {
  passed: number;
  failed: number;
}

/**
 * Prints how many tests people wrote: Vitest counts each row of a table (`it.each`, a loop, a suite that runs over two
 * implementations) as a test. A table has passed where all of its rows have. `.ci/totals` adds the lines up.
 */
export function createWrittenTests(print: (line: string) => void): Reporter {
  return {
    onTestRunEnd(modules) {
      const places = new Map<string, TestCase[]>();
      for (const { moduleId, children } of modules) {
        for (const test of children.allTests()) {
          const { line = 0, column = 0 } = test.location ?? {};
          const place = `${moduleId}:${line}:${column}`;
          places.set(place, [...(places.get(place) ?? []), test]);
        }
      }
      const counts: Counts = { passed: 0, failed: 0 };
      for (const rows of places.values()) {
        const states = new Set(rows.map((test) => test.result().state));
        if (states.has('failed')) counts.failed += 1;
        else if (states.has('passed')) counts.passed += 1;
      }
      const { passed, failed } = counts;
      print(`    Written  ${failed} failed | ${passed} passed (each table counted as one test)\n`);
    },
  };
}
