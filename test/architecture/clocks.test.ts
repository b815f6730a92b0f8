import { describe, expect, it } from 'vitest';
import { readSources } from './sources.ts';

/** Machines differ, and are busy: a test that goes by the clock is red on one of them (CONTRIBUTING.md#tests). */
const TESTS = readSources('test/{contract,fakes,fixtures,hostile,service,unit}/**/*.ts');

function usersOf(pattern: RegExp): readonly string[] {
  return TESTS.filter(({ text }) => pattern.test(text)).map(({ path }) => path);
}

describe('tests', () => {
  it('wait for what has to come with PATIENCE', () => {
    const hasty = TESTS.filter(({ text }) => {
      const waits = text.match(/\bvi\.wait(?:For|Until)\(/g)?.length ?? 0;
      const patient = text.match(/\bPATIENCE\b/g)?.length ?? 0;
      // One of them is the import.
      return waits > 0 && patient <= waits;
    });
    expect(hasty.map(({ path }) => path)).toEqual([]);
  });

  it('give what is answered as long as it takes', () => {
    expect(usersOf(/AbortSignal\.timeout\((?!ANSWERED_MS|PATIENCE)/)).toEqual([]);
  });

  it('leave their limits to the runner, who knows the machine', () => {
    // The length of a simulation is chosen by the one who runs it.
    expect(usersOf(/^ {0,4}\}, [\d_]+\);$/m)).toEqual(['test/unit/core/rollout/simulation.ts']);
  });

  it('draw the same in every run', () => {
    const drawers = TESTS.filter(({ imports }) =>
      imports.some(({ target }) => target === 'fast-check'),
    );
    expect(drawers.map(({ path }) => path)).toEqual(['test/fixtures/fast-check.ts']);
  });

  it('measure no time', () => {
    expect(usersOf(/\bperformance\.now\(\)/)).toEqual([
      // What they hand on as a clock.
      'test/fakes/gateway/start-gateway.ts',
      'test/fixtures/hub-fleet.ts',
      'test/fixtures/until.ts',
      'test/unit/net/google-hints.test.ts',
      'test/unit/telemetry/open-telemetry.test.ts',
    ]);
  });
});
