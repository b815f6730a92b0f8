import type { Mutation } from './mutations.ts';

const MODEL = 'test/unit/core/rollout/evidence.test.ts';
const CHECKS = 'test/unit/core/rollout/checks.test.ts';
const SIMULATION = 'test/unit/core/rollout/simulation-checked.test.ts';
const ASK = 'test/unit/evidence/ask-check.test.ts';
const SWEEP = 'test/unit/functions/sweep/checks.test.ts';
const CONFIG = 'test/unit/config/checks.test.ts';

/** Evidence beside Config Sync's status: what is no good answer passes no stage. */
export const EVIDENCE_MUTATIONS: readonly Mutation[] = (
  [
    [
      'a stage is not passed while checks are missing',
      'shared/core/rollout/advance',
      'endSoak',
      'missing.length > 0',
      'false',
      [MODEL, SIMULATION],
    ],
    [
      'checks that were not asked pass nothing',
      'shared/core/rollout/advance',
      'soak',
      'return keep(record.okSince === undefined ? begun : record);',
      'return endSoak(record, views, view, world, { okSince });',
      [MODEL, SIMULATION],
    ],
    [
      'evidence is of one roll-out and one stage',
      'shared/core/rollout/advance',
      'findingsFor',
      'evidence?.id === id && evidence.stage === stage ? evidence.findings : undefined',
      'evidence?.findings',
      [MODEL],
    ],
    [
      'a missing answer takes nothing back',
      'shared/core/rollout/checks',
      'weighChecks',
      'failed.filter(({ check, elapsed })',
      'unmet.filter(({ check, elapsed })',
      [CHECKS, SIMULATION],
    ],
    [
      'a check that a look has nothing of is not met',
      'shared/core/rollout/checks',
      'weighChecks',
      "?.outcome ?? 'unknown'",
      "?.outcome ?? 'met'",
      [CHECKS],
    ],
    [
      'a changed outcome begins anew',
      'shared/core/rollout/checks',
      'weighChecks',
      'before?.outcome === outcome ? before.since : now.toISOString()',
      'before?.since ?? now.toISOString()',
      [CHECKS, SIMULATION],
    ],
    [
      'checks are forgotten where the stage is not well',
      'shared/core/rollout/record',
      'NO_CAUSE',
      'checks: undefined,',
      '',
      [MODEL, SIMULATION],
    ],
    [
      'nothing but a name stands for a placeholder',
      'shared/core/rollout/checks',
      'fillIn',
      "&& PLAIN.test(known[name] ?? '')",
      '',
      [CHECKS, ASK],
    ],
    [
      'a warning beside a number is none',
      'shared/evidence/read-number',
      'readNumber',
      'if (warning !== undefined) throw none(`It warns: ${oneLine(warning)}`);',
      '',
      [ASK],
    ],
    [
      'of several series none is chosen',
      'shared/evidence/read-number',
      'readSample',
      'if (more.length === 0) return one.value;',
      'return one.value;',
      [ASK],
    ],
    [
      'a number is written as one',
      'shared/evidence/read-number',
      'readNumber',
      'NUMBER.test(text) ? Number(text) : Number.NaN',
      'Number(text)',
      [ASK],
    ],
    [
      'redirects are not followed',
      'shared/evidence/send',
      'send',
      "redirect: 'manual' as const",
      "redirect: 'follow' as const",
      [ASK],
    ],
    [
      'a server that fails says nothing about the digest',
      'shared/evidence/send',
      'isAnswer',
      'status < 500 &&',
      '',
      [ASK],
    ],
    [
      'a token that comes back is not shown',
      'shared/evidence/prometheus',
      'askPrometheus',
      "withoutSecrets(bytes.toString('utf8'), secretsIn(headers))",
      "bytes.toString('utf8')",
      [ASK],
    ],
    [
      'a sweep has a budget for checks',
      'functions/sweep/ask-checks',
      'createAskChecks',
      'spentMs >= ALL_MS || asked + checks.length > MAX_ASKED',
      'false',
      [SWEEP],
    ],
    [
      'the record is written where an outcome changes',
      'shared/core/rollout/checks',
      'weighChecks',
      'before.since : now.toISOString()',
      'now.toISOString() : now.toISOString()',
      [CHECKS, SWEEP],
    ],
    [
      'the URL of a check is https, or of this machine',
      'shared/config/schema-checks',
      'commonFault',
      "return 'Is neither https nor on a loopback address';",
      '',
      [CONFIG],
    ],
    [
      'no credentials are in the URL of a check',
      'shared/config/schema-checks',
      'commonFault',
      "return 'Has credentials in it: name a tokenFile';",
      '',
      [CONFIG],
    ],
  ] as const
).map(([name, file, where, find, replace, tests]) => ({
  guarantee: `evidence, ${name}`,
  file: `${file}.ts`,
  in: where,
  find,
  replace,
  tests,
}));
