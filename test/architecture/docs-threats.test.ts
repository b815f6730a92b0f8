import { describe, expect, it } from 'vitest';
import { CANDIDATE_REASONS } from '#shared/core/verdict.ts';
import { readGuides } from '#test/docs/markdown.ts';
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

interface Row {
  readonly number: number;
  readonly cells: readonly string[];
}

const page = readGuides().find(({ path }) => path === 'docs/threat-model.md')?.prose ?? '';
const attacks = rowsOf('## Attacks on signatures');
const laws = rowsOf('## The laws, and what holds them');
const KEYLESS_CASES = [...CERTIFICATE_CASES, ...LOG_CASES, ...TIME_CASES];
const SUITES: Readonly<Record<string, readonly number[]>> = {
  'hostile/trust': TRUST_CASES.map(({ fact }) => fact),
  'hostile/keyless': KEYLESS_CASES.map(({ fact }) => fact),
  'hostile/registry-cases': REGISTRY_CASES.map(({ number }) => number),
};

/** Rows of the table below a heading that begin with a number. */
function rowsOf(heading: string): readonly Row[] {
  const section = page.slice(page.indexOf(heading) + heading.length).split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| (\d+)(?:\.? )(.*) \|$/gm)].map(([, number, rest = '']) => ({
    number: Number(number),
    cells: rest.replace(/^\| /, '').split(' | '),
  }));
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
  it('has every attack, each with a test', () => {
    expect(attacks.map(({ number }) => number)).toEqual(
      Array.from({ length: ATTACKS }, (_, index) => index + 1),
    );
    const untested = attacks.filter(({ cells }) => !/`[a-z0-9]+\//.test(cells.at(-1) ?? ''));
    expect(untested).toEqual([]);
  });

  it.each(Object.entries(SUITES))(
    'names %s for the attacks that it tries, and no others',
    (suite, numbers) => {
      const named = attacks
        .filter(({ cells }) => codesIn(cells.at(-1)).includes(suite))
        .map(({ number }) => number);
      const tried = [...new Set(numbers)].filter((number) => number > 0).toSorted((a, b) => a - b);
      expect(named).toEqual(tried);
    },
  );

  it('promises the reasons that the attacks end with', () => {
    const reasons = new Set<string>(CANDIDATE_REASONS);
    const broken = attacks.flatMap(({ number, cells: [, outcome] }) =>
      codesIn(outcome)
        .filter((code) => reasons.has(code) && !outcomesOf(number).has(code))
        .map((code) => `${number}: ${code}`),
    );
    expect(broken).toEqual([]);
  });

  it('has every kind of attack on the gate, each with its rows', () => {
    const section = page.slice(page.indexOf('## Attacks on the gate')).split('\n## ')[0] ?? '';
    const kinds = [
      ...section.matchAll(/^\| `([a-z-]+)` \| .* \| `hostile\/gate\/[a-z-]+-rows`, .* \|$/gm),
    ];
    expect(new Set(kinds.map(([, kind]) => kind))).toEqual(new Set(FAULTS));
  });

  it('has every law, each with tests, and most with a mutation that takes it away', () => {
    expect(laws.map(({ number }) => number)).toEqual(
      Array.from({ length: LAWS }, (_, index) => index + 1),
    );
    expect(laws.filter(({ cells }) => codesIn(cells.at(-1)).length < 2)).toEqual([]);
    const mutated = new Set(
      MUTATIONS.flatMap(({ guarantee }) => /^law (\d+)/.exec(guarantee)?.[1] ?? []),
    );
    expect([...mutated].map(Number).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
