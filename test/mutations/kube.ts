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
    guarantee: 'kube API: the manager who changes a field owns it alone',
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
  {
    guarantee: 'kube API: what is immutable stays as it is',
    file: 'infra/local/kube/prepare.ts',
    in: 'checkContents',
    find: "causes.push(...changed.map((field) => ({ reason: 'FieldValueForbidden', message, field })));",
    replace: '',
    tests: [CONTRACT],
  },
  {
    guarantee: 'kube API: a list keeps the order of the apply',
    file: 'infra/local/kube/apply-merge.ts',
    in: 'interleave',
    find: 'if (!passed) order.push(old);',
    replace: '',
    tests: [CONTRACT],
  },
  {
    guarantee: 'kube API: an item goes with what others changed in it',
    file: 'infra/local/kube/field-sets.ts',
    in: 'withDeclaredParents',
    find: 'if (declared) found.add(place);',
    replace: 'found.add(place);',
    tests: [CONTRACT],
  },
];
