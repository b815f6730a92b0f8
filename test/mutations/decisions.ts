import type { Mutation } from './mutations.ts';

const SERVICE = 'test/service/api';
const RACES = [`${SERVICE}/decide-races.test.ts`];
const RIGHTS = [`${SERVICE}/decide-rights.test.ts`];
const DRY = [`${SERVICE}/decide.test.ts`];
const BACK = [`${SERVICE}/decide-back.test.ts`];

/** What people decide of roll-outs by the API. */
export const DECISION_MUTATIONS: readonly Mutation[] = (
  [
    [
      'only invokers stop a roll-out',
      'mount-rollouts',
      'personFor',
      "if (right === 'invokers') requireInvoker(person);",
      '',
      RIGHTS,
    ],
    [
      'approvers need not be invokers',
      'mount-rollouts',
      'personFor',
      "if (right === 'invokers') requireInvoker(person);",
      'requireInvoker(person);',
      BACK,
    ],
    [
      'a digest of choice takes an overrider',
      'verbs',
      'ROLLBACK',
      'target !== undefined && target.key !== previous',
      'false',
      BACK,
    ],
    [
      'what takes an overrider is refused to others',
      'decide',
      'judgeEntry',
      'requireOverrider(person)',
      'void requireOverrider',
      BACK,
    ],
    [
      'overriders alone promote',
      'verbs',
      'PROMOTE',
      "right: 'overriders'",
      "right: 'invokers'",
      [`${SERVICE}/decide-promote.test.ts`],
    ],
    [
      'what is promoted is verified',
      'look-up-promotion',
      'lookUpPromotion',
      'if (named.unverified !== undefined) return named;',
      "if (named.unverified !== undefined) return { clusters: [], signedBy: ['qa'] };",
      [`${SERVICE}/decide-promote.test.ts`],
    ],
    [
      'what is started is verified',
      'look-up-start',
      'lookUpTag',
      "if (verdict.status !== 'verified') return { ...NOTHING, unverified: message };",
      '',
      [`${SERVICE}/start.test.ts`],
    ],
    [
      'a decision is about one version',
      'decide',
      'judgeEntry',
      '|| record.version !== ifVersion',
      '',
      RACES,
    ],
    [
      'a decision never falls on another roll-out',
      'decide',
      'judgeEntry',
      '!isAbout(entry, of) ||',
      '',
      RACES,
    ],
    [
      'a repetition is known by its key',
      'decide',
      'knows',
      'if (last.request === nameOf(request)) return true;',
      'if (last.request === nameOf(request)) return false;',
      RACES,
    ],
    [
      'a key stands for one request',
      'decide',
      'requestOf',
      'hash([of, verb.name, body])',
      'hash([of])',
      RACES,
    ],
    [
      'a key is of one person',
      'decide',
      'requestOf',
      'hash([person.name, key])',
      'hash([key])',
      RACES,
    ],
    [
      'a dry run records nothing',
      'decide',
      'decide',
      'if (asked.body.dryRun === true) {',
      'if (asked.body.dryRun === undefined) {',
      DRY,
    ],
    [
      'a roll-out is stopped without the store',
      'decide',
      'look',
      'return nothing;\n  }\n}',
      'throw error;\n  }\n}',
      DRY,
    ],
    [
      'what is gone back to is verified',
      'look-up-target',
      'lookUpTarget',
      "verdict.status !== 'verified' || found.status",
      'found.status',
      BACK,
    ],
    [
      'what is gone back to is of the same repository',
      'look-up-target',
      'referenceOf',
      'reference?.repository === repository',
      'reference !== undefined',
      BACK,
    ],
    [
      'what is approved is verified',
      'verbs',
      'APPROVE',
      'lookUp: (_, found, deps) => lookUpTarget(found.record.digest, found, deps),',
      '',
      BACK,
    ],
    [
      'many clusters that lag are counted, and some named',
      'view-rollout',
      'laggingOf',
      'all.slice(0, MAX_LAGGING)',
      'all',
      [`${SERVICE}/rollouts.test.ts`],
    ],
  ] as const
).map(([name, file, where, find, replace, tests]) => ({
  guarantee: `decisions: ${name}`,
  file: `functions/api/rollouts/${file}.ts`,
  in: where,
  find,
  replace,
  tests,
}));
