import type { Mutation } from './mutations.ts';

const PACKED = ['test/service/build/packed-command.test.ts'];
const UNIT = 'test/unit/functions/cli';

/** What the packed command promises, and the verbs that came with it. */
export const PACKED_MUTATIONS: readonly Mutation[] = [
  {
    guarantee: 'what an older Node lacks keeps the file from nothing but what needs it',
    file: 'infra/build/cli/builtins.ts',
    in: 'builtins',
    find: 'if (!NAMES.has(name) && !NAMES.has(path)) return undefined;',
    replace: 'return undefined;',
    tests: PACKED,
  },
  {
    guarantee: 'JSON is parsed by Node itself',
    file: 'infra/build/cli/polyfills.ts',
    in: 'polyfills',
    find: '!missingAnyway.has(name) && !LEFT_OUT.test(name)',
    replace: '!missingAnyway.has(name)',
    tests: PACKED,
  },
  {
    guarantee: 'the packed command says which commit it is',
    file: 'infra/build/cli/bundle-command.ts',
    in: 'bundleCommand',
    find: 'JSON.stringify(release.commit)',
    replace: 'JSON.stringify("unknown")',
    tests: PACKED,
  },
  {
    guarantee: 'a function has of Pub/Sub what publishing takes',
    file: 'infra/build/protos-of.ts',
    in: 'protosOf',
    find: 'if (name === wanted) for (const type of typesIn(child)) names.add(lastOf(type));',
    replace: '',
    tests: ['test/unit/infra/build/protos-of.test.ts', 'test/service/build/bundle.test.ts'],
  },
  {
    guarantee: 'bundles of other sources are made anew',
    file: 'infra/build/freshness.ts',
    in: 'isFresh',
    find: "(await readFile(join(outdir, STAMP), 'utf8')) === (await stampOf(build, meta))",
    replace: 'true',
    tests: ['test/unit/infra/freshness.test.ts'],
  },
  {
    guarantee: 'the compile cache has every chunk of a function',
    file: 'infra/build/bundle.ts',
    in: 'measure',
    find: 'path !== main && !imported.has(path)',
    replace: 'false',
    tests: ['test/service/build/bundle.test.ts'],
  },
  {
    guarantee: 'a stack leads to its source although modules are compiled ahead',
    file: 'infra/build/eager-modules.ts',
    in: 'eagerModules',
    find: 'MODULES.length - OPENING.length - shifted',
    replace: 'MODULES.length - OPENING.length',
    tests: ['test/unit/infra/build/eager-modules.test.ts'],
  },
  {
    guarantee: 'an event that comes late is followed too',
    file: 'functions/cli/history/show-events.ts',
    in: 'showEvents',
    find: 'from = new Date(newest - OVERLAP_MS).toISOString();',
    replace: 'from = new Date(newest).toISOString();',
    tests: [`${UNIT}/history-events.test.ts`],
  },
  {
    guarantee: 'the gate of every cluster is changed only where that is said',
    file: 'functions/cli/gate/place-verbs.ts',
    in: 'choose',
    find: 'if (all) return members;',
    replace: 'return members;',
    tests: [`${UNIT}/exit-codes.test.ts`],
  },
  {
    guarantee: 'a dry run of the gate changes nothing',
    file: 'functions/cli/gate/place-gate.ts',
    in: 'placeObject',
    find: '{ fieldManager: FIELD_MANAGER, force, dryRun }',
    replace: '{ fieldManager: FIELD_MANAGER, force, dryRun: false }',
    tests: [`${UNIT}/gate/place-gate.test.ts`],
  },
  {
    guarantee: 'a config file that is there is not replaced by itself',
    file: 'functions/cli/config/init-config.ts',
    in: 'writeNew',
    find: "force ? 'w' : 'wx'",
    replace: "'w'",
    tests: [`${UNIT}/config/init-config.test.ts`],
  },
  {
    guarantee: 'a config that does not pass is not written',
    file: 'functions/cli/config/init-config.ts',
    in: 'initConfig',
    find: 'await checkDraft(file, text);',
    replace: '',
    tests: [`${UNIT}/config/init-config.test.ts`],
  },
];
