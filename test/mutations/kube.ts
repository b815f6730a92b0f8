import type { Mutation } from './mutations.ts';

const CONTRACT = 'test/contract/kube';

/** What the embedded kube API must do because the real one does: people and tools build on it. */
export const KUBE_MUTATIONS: readonly Mutation[] = [
  {
    guarantee: 'kube API: an apply takes nothing that another manager owns, but by force',
    file: 'infra/local/kube/managed-fields.ts',
    in: 'recordApply',
    find: 'if (!force) checkConflicts(others, changed);',
    replace: '',
    tests: [CONTRACT],
  },
  {
    guarantee: 'kube API: who changes a field owns it, and nobody else',
    file: 'infra/local/kube/managed-fields.ts',
    in: 'recordUpdate',
    find: 'const left = others.map((entry) => without(entry, union(changed, gone)));',
    replace: 'const left = others;',
    tests: [CONTRACT],
  },
  {
    guarantee: 'kube API: an apply removes what it declares no more',
    file: 'infra/local/kube/managed-fields.ts',
    in: 'recordApply',
    find: 'const next = removeFields(writer.schema, merged, dropped);',
    replace: 'const next = merged;',
    tests: [CONTRACT],
  },
  {
    guarantee: 'kube API: an apply leaves what others own where it declares it no more',
    file: 'infra/local/kube/managed-fields.ts',
    in: 'recordApply',
    find: 'others.reduce((all, entry) => union(all, entry.fields), declared)',
    replace: 'declared',
    tests: [CONTRACT],
  },
  {
    guarantee: 'kube API: an unknown field is refused under Strict',
    file: 'infra/local/kube/read-object.ts',
    in: 'readObject',
    find: "if (directive === 'Strict' && unknown.length > 0) {",
    replace: 'if (false) {',
    tests: [CONTRACT],
  },
  {
    guarantee: 'kube API: an unknown field is not stored',
    file: 'infra/local/kube/unknown-fields.ts',
    in: 'keepKnown',
    find: 'continue;',
    replace: '',
    tests: [CONTRACT],
  },
  {
    guarantee: 'kube API: a collection is removed by its selector alone',
    file: 'infra/local/kube/remove.ts',
    in: 'removeCollection',
    find: 'const page = listObjects(cluster, call);',
    replace:
      'const page = listObjects(cluster, { ...call, request: { ...call.request, query: new URLSearchParams() } });',
    tests: [CONTRACT],
  },
  {
    guarantee: 'kube API: the managers of the status are apart',
    file: 'infra/local/kube/managed-fields.ts',
    in: 'own',
    find: 'isStatus(path) === status && ',
    replace: '',
    tests: [CONTRACT],
  },
];
