import { describe, expect, it } from 'vitest';
import { readSources } from './sources.ts';

/** Machines differ, and are busy: a test that goes by the clock is red on one of them (CONTRIBUTING.md#tests). */
const TESTS = readSources(
  'test/{contract,docs,e2e,fakes,fixtures,hostile,service,terraform,unit}/**/*.ts',
);

function usersOf(pattern: RegExp): readonly string[] {
  return TESTS.filter(({ text }) => pattern.test(text)).map(({ path }) => path);
}

describe('tests', () => {
  it('wait for what has to come with PATIENCE, or SELDOM', () => {
    const hasty = TESTS.filter(({ text }) => {
      const waits = text.match(/\bvi\.wait(?:For|Until)\(|\.poll\(/g)?.length ?? 0;
      const patient = text.match(/\b(?:PATIENCE|SELDOM)\b/g)?.length ?? 0;
      // One of them is the import.
      return waits > 0 && patient <= waits;
    });
    expect(hasty.map(({ path }) => path)).toEqual([]);
  });

  it('give what is answered as long as it takes', () => {
    expect(usersOf(/AbortSignal\.timeout\((?!ANSWERED_MS|PATIENCE|\$\{ANSWER_LIMIT_MS)/)).toEqual(
      [],
    );
  });

  it('know no time in which a busy machine has to have done something', () => {
    const limits = /\btimeout: [\d_]+|\b\w*(?:TIMEOUT|PATIENCE|LIMIT|SETUP|STEP)_MS = [\d_]+;/;
    expect(usersOf(limits)).toEqual([
      // Of the tools, which are built once for many runs.
      'test/e2e/tools/fetch-discovery.ts',
      'test/e2e/tools/python-client.ts',
      // Of what never answers.
      'test/service/dead-letters.test.ts',
      // In a config.
      'test/unit/config/bad-configs.ts',
    ]);
  });

  it('end the processes that they start with their own', () => {
    const alone = /(?<!endWithTests\(\s*\(\) =>\s*|\.\s*)\b(?:spawn|fork)\(/;
    expect(usersOf(alone)).toEqual([
      // In the source of what they start.
      'test/service/terraform-provider.test.ts',
      'test/unit/net/run-program.test.ts',
    ]);
  });

  it('end what they have started where a start fails, and hide nothing of that by a TypeError', () => {
    const careless = TESTS.filter(({ text }) => {
      // Undefined until a `before…` has set them.
      const unset = [...text.matchAll(/^ *let (\w+): [^=]*?;$/gm)].map(([, name]) => name);
      const ends =
        text.match(/\bafter(?:All|Each)\((?:[^;{]*?\);|[^;]*? => \{.*?\n *\}\);)/gs) ?? [];
      const uses = new RegExp(`(?<![\\w.])(?:${unset.join('|')})\\.`);
      return unset.length > 0 && ends.some((end) => uses.test(end));
    });
    expect(careless.map(({ path }) => path)).toEqual([]);
  });

  it('leave their limits to the runner, who knows the machine', () => {
    // The length of a simulation is chosen by the one who runs it.
    const limit = /^ {0,4}\}, [\d_]+\);$|^ {4}\},\n +[\d_]+,\n {2}\);$/m;
    expect(usersOf(limit)).toEqual(['test/unit/core/rollout/simulation.ts']);
  });

  it('draw the same in every run', () => {
    const drawers = TESTS.filter(({ imports }) =>
      imports.some(({ target }) => target === 'fast-check'),
    );
    expect(drawers.map(({ path }) => path)).toEqual(['test/fixtures/fast-check.ts']);
  });

  it('measure no time', () => {
    expect(usersOf(/\bperformance\.now\(\)/)).toEqual([
      // How long a start takes, to kill it in it.
      'test/e2e/local-killed.test.ts',
      // What they hand on as a clock.
      'test/fakes/gateway/start-gateway.ts',
      'test/fixtures/hub-fleet.ts',
      'test/fixtures/until.ts',
      'test/unit/net/google-hints.test.ts',
      'test/unit/telemetry/open-telemetry.test.ts',
    ]);
  });
});
