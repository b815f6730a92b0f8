import type { Mutation } from './mutations.ts';

const CONTRACT = 'test/contract/config-sync';
const SERVICE = 'test/service/config-sync';

/** What the Config Sync stand-in must do because the real one does: tests of the gate build on it. */
export const STAND_IN_MUTATIONS: readonly Mutation[] = [
  {
    guarantee: 'stand-in: a deleting object with foreign finalizers alone goes on syncing',
    file: 'infra/local/config-sync/manage-rsync.ts',
    in: 'manageRSync',
    find: '} else if (finalizers.includes(MANAGER_FINALIZER)) {',
    replace: '} else {',
    tests: [SERVICE],
  },
  {
    guarantee: 'stand-in: a chart is announced by its version',
    file: 'infra/local/config-sync/rsync.ts',
    in: 'sourceOf',
    find: 'return isOci ? helm.repo : undefined;',
    replace: 'return isOci ? `${helm.repo}/${helm.chart}` : undefined;',
    tests: [CONTRACT],
  },
  {
    guarantee: 'stand-in: a new process keeps the refusal of a commit that was read before it',
    file: 'infra/local/config-sync/reconciler.ts',
    in: 'createAttempts',
    find: "written.source ??= { commit: announced.status.source?.commit ?? '', source: {}, errors: [] };",
    replace: '',
    tests: [CONTRACT],
  },
  {
    guarantee:
      'stand-in: what comes from a layer on that is no archive is missing, without an error',
    file: 'infra/local/config-sync/unpack-layers.ts',
    in: 'unpackLayers',
    find: 'if (archive === undefined || !addLayer(seen, archive)) break;',
    replace: 'if (archive !== undefined) addLayer(seen, archive);',
    tests: ['test/unit/infra/local/config-sync'],
  },
  {
    guarantee: 'stand-in: an empty source prunes what was there',
    file: 'infra/local/config-sync/apply-declared.ts',
    in: 'pruneUndeclared',
    find: 'await kube.remove(named);',
    replace: '',
    tests: [CONTRACT],
  },
  {
    guarantee: 'stand-in: reconciler-manager spells the period out, which is a generation',
    file: 'infra/local/config-sync/finalizers.ts',
    in: 'sourceSchema',
    find: ".default('0s')",
    replace: '.optional()',
    tests: [CONTRACT],
  },
];
