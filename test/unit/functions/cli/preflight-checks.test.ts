import { describe, expect, it } from 'vitest';
import { tryChecks } from '#functions/cli/preflight/try-checks.ts';
import { viewPreflight } from '#functions/cli/screens/preflight.ts';
import { linesOf } from '#test/fixtures/lines-of.ts';
import { exitCodeOf } from '#functions/cli/preflight/report.ts';
import type { Finding, Placeholders } from '#shared/core/rollout/checks.ts';
import { EMPTY } from '#shared/evidence/read-number.ts';
import { edit, parse, rolloutsText } from '#test/unit/config/fixture.ts';

/** What each check of the fixture answers. */
async function tried(answers: Readonly<Record<string, Omit<Finding, 'name'>>>) {
  const asked: (readonly [string, Placeholders])[] = [];
  // Of the two checks with a digest in them, one is a query.
  const text = edit(rolloutsText, 'query: sum(requests)', 'query: \'sum(r{d="${digest}"})\'');
  const { rollouts } = await parse(text);
  const found = await tryChecks(rollouts.strategies, async ({ name }, values) => {
    asked.push([name, values]);
    return { name, ...(answers[name] ?? { outcome: 'met', value: '1' }) };
  });
  return { found, asked };
}

describe('preflight over checks', () => {
  it('asks each once, for a digest that there is not', async () => {
    const { found, asked } = await tried({});
    expect(asked.map(([name]) => name)).toEqual(['errors', 'ready', 'traffic', 'exact']);
    expect(asked[0]?.[1]).toEqual({ digest: `sha256:${'0'.repeat(64)}`, stage: 'early' });
    expect(found[0]).toEqual({
      strategy: 'fleet',
      stage: 'early',
      check: 'errors',
      outcome: 'met',
      value: '1',
      isAsked: true,
    });
    expect(exitCodeOf({ clusters: [], unlisted: [], checks: found })).toBe(0);
  });

  it.each([
    ['a bad answer', 'exact', { outcome: 'failed', value: '0' }, 0],
    ['nothing of a digest that does not run', 'traffic', { outcome: 'unknown', problem: EMPTY }, 0],
    ['nothing of what names no digest', 'exact', { outcome: 'unknown', problem: EMPTY }, 2],
    ['no answer', 'traffic', { outcome: 'unknown', problem: 'It cannot be reached' }, 2],
  ] as const)('ends with %s (%s)', async (_, name, answer, code) => {
    const { found } = await tried({ [name]: answer });
    expect(exitCodeOf({ clusters: [], unlisted: [], checks: found })).toBe(code);
    const lines = linesOf(viewPreflight({ clusters: [], unlisted: [], checks: found }));
    const line = lines.find((one) => one.split(/ +/)[2] === name);
    expect(line?.includes('cannot be asked')).toBe(code === 2);
  });
});
