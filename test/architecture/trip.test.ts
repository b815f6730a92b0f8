import { expect, test } from 'vitest';
import { readAllPages } from '#test/docs/markdown.ts';
import { readSources } from './sources.ts';

/** A message leads here, not an import. */
const OTHER_PROCESS = 'functions/cluster/handle-task.ts';

const imports = new Map(
  readSources('functions/**/*.ts', 'shared/**/*.ts').map(({ path, imports: found }) => [
    path,
    found.filter(({ ours }) => ours).map(({ target }) => target),
  ]),
);

test('the way from a push to an approval leads over ten files at most, each from one before it', () => {
  const design = readAllPages().find(({ path }) => path === 'docs/design.md')?.prose ?? '';
  const section =
    design.split('\n### Where a push becomes an approval\n')[1]?.split('\n#')[0] ?? '';
  const steps = [...section.matchAll(/^\d+\. `([^`]+)`/gm)].map(([, path = '']) => path);
  expect(steps.length).toBeGreaterThan(5);
  expect(steps.length).toBeLessThanOrEqual(10);
  const lost = steps.filter((step, index) => {
    if (!imports.has(step)) return true;
    if (index === 0 || step === OTHER_PROCESS) return false;
    const near = steps.slice(0, index).flatMap((before) => imports.get(before) ?? []);
    // A port stands between what calls and what is called.
    return ![...near, ...near.flatMap((path) => imports.get(path) ?? [])].includes(step);
  });
  expect(lost).toEqual([]);
});
