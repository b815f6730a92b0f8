import { describe, expect, it } from 'vitest';
import { CANDIDATE_REASONS } from '#shared/core/verdict.ts';
import { readAllPages } from '#test/docs/markdown.ts';
import { FAULTS } from '#test/hostile/gate/attack.ts';
import { REGISTRY_CASES } from '#test/hostile/registry-cases.ts';
import { CERTIFICATE_CASES } from '#test/hostile/trust/certificate-cases.ts';
import { LOG_CASES } from '#test/hostile/trust/log-cases.ts';
import { TIME_CASES } from '#test/hostile/trust/time-cases.ts';
import { TRUST_CASES } from '#test/hostile/trust-cases.ts';
import { MUTATIONS } from '#test/mutations/mutations.ts';

/** docs/threat-model.md#attacks-on-signatures, docs/design.md#laws. */
const ATTACKS = 41;
const LAWS = 10;

/** The sections of both pages. */
const SECTIONS = [
  'The laws, and what holds them',
  'Attacks on signatures',
  'Attacks on the gate',
  'Attacks of a tenant on a cluster',
  'Attacks on policies',
  'Attacks on roll-outs in stages',
  'Other attacks',
] as const;

interface Row {
  readonly id: string;
  readonly cells: readonly string[];
}

const pages = readAllPages();
const threats = 'docs/threat-model.md';
const tests = 'test/hostile/THREATS.md';
const KEYLESS_CASES = [...CERTIFICATE_CASES, ...LOG_CASES, ...TIME_CASES];
const SUITES: Readonly<Record<string, readonly number[]>> = {
  'hostile/trust': TRUST_CASES.map(({ fact }) => fact),
  'hostile/keyless': KEYLESS_CASES.map(({ fact }) => fact),
  'hostile/registry-cases': REGISTRY_CASES.map(({ number }) => number),
};

/** Rows of the table below a heading: a number, a code, or an id such as T1 comes first. */
function rowsOf(path: string, heading: (typeof SECTIONS)[number]): readonly Row[] {
  const page = pages.find((one) => one.path === path)?.prose ?? '';
  const section = page.slice(page.indexOf(`\n## ${heading}\n`) + 4).split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| (\d+|[A-Z]\d+|`[a-z-]+`)(?:\.? )(.*) \|$/gm)].map(
    ([, id = '', rest = '']) => ({ id, cells: rest.replace(/^\| /, '').split(' | ') }),
  );
}

function numbersOf(rows: readonly Row[]): readonly number[] {
  return rows.map(({ id }) => Number(id));
}

function codesIn(text = ''): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

/** What the cases of one number end as. */
function outcomesOf(number: number): ReadonlySet<string> {
  const trust = [...TRUST_CASES, ...KEYLESS_CASES].filter(({ fact }) => fact === number);
  return new Set(trust.flatMap(({ expected }) => valuesOf(expected)));
}

function valuesOf(expected: unknown): readonly string[] {
  return typeof expected === 'object' && expected !== null
    ? Object.values(expected).map(String)
    : [String(expected)];
}

describe('the threat model', () => {
  it.each(SECTIONS)('names tests for each row of: %s', (section) => {
    const rows = rowsOf(threats, section);
    const tested = rowsOf(tests, section);
    expect(rows.length).toBeGreaterThan(9);
    expect(tested.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    const untested = tested.filter(({ cells }) => !/`[a-z0-9]+\//.test(cells.at(-1) ?? ''));
    expect(untested).toEqual([]);
  });

  it('has every attack on signatures', () => {
    const all = Array.from({ length: ATTACKS }, (_, index) => index + 1);
    expect(numbersOf(rowsOf(threats, 'Attacks on signatures'))).toEqual(all);
  });

  it.each(Object.entries(SUITES))(
    'names %s for the attacks that it tries, and no others',
    (suite, numbers) => {
      const named = rowsOf(tests, 'Attacks on signatures').filter(({ cells }) =>
        codesIn(cells.at(-1)).includes(suite),
      );
      const tried = [...new Set(numbers)].filter((number) => number > 0).toSorted((a, b) => a - b);
      expect(numbersOf(named)).toEqual(tried);
    },
  );

  it('promises the reasons that the attacks end with', () => {
    const reasons = new Set<string>(CANDIDATE_REASONS);
    const broken = rowsOf(threats, 'Attacks on signatures').flatMap(({ id, cells: [, outcome] }) =>
      codesIn(outcome)
        .filter((code) => reasons.has(code) && !outcomesOf(Number(id)).has(code))
        .map((code) => `${id}: ${code}`),
    );
    expect(broken).toEqual([]);
  });

  it('has every kind of attack on the gate, each with its rows', () => {
    const kinds = rowsOf(tests, 'Attacks on the gate')
      .filter(({ cells }) => /^`hostile\/gate\/[a-z-]+-rows`/.test(cells.at(-1) ?? ''))
      .flatMap(({ id }) => codesIn(id));
    expect(new Set(kinds)).toEqual(new Set(FAULTS));
  });

  it('has every law, each with tests, and most with a mutation that takes it away', () => {
    const laws = rowsOf(tests, 'The laws, and what holds them');
    expect(numbersOf(laws)).toEqual(Array.from({ length: LAWS }, (_, index) => index + 1));
    expect(laws.filter(({ cells }) => codesIn(cells.at(-1)).length < 2)).toEqual([]);
    const mutated = new Set(
      MUTATIONS.flatMap(({ guarantee }) => /^law (\d+)/.exec(guarantee)?.[1] ?? []),
    );
    expect([...mutated].map(Number).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe('the behaviour of Config Sync', () => {
  it('names the tests of each row, or why there are none', () => {
    const idsOf = (path: string): readonly string[] => {
      const page = pages.find((one) => one.path === path)?.prose ?? '';
      return [...page.matchAll(/^\| (C\d+) \| .+ \|$/gm)].map(([, id = '']) => id);
    };
    const ids = idsOf('docs/config-sync.md');
    expect(ids.length).toBeGreaterThan(40);
    expect(idsOf('test/contract/config-sync/TESTS.md')).toEqual(ids);
  });
});
