import type { Kind } from './kinds.ts';
import { type KubeObject, valueAt } from './object.ts';
import { badRequest } from './status.ts';

export type Matches = (object: KubeObject) => boolean;

const setTerm = /^\s*([\w./-]+)\s+(in|notin)\s*\(([^()]*)\)\s*$/;
const equalTerm = /^\s*([\w./-]+)\s*(==|=|!=)\s*([\w.-]*)\s*$/;
const existsTerm = /^\s*(!?)\s*([\w./-]+)\s*$/;

/** Reads `labelSelector` and `fieldSelector` of a list, watch; 400 where one is malformed. */
export function readSelectors(kind: Kind, query: URLSearchParams): Matches {
  const terms = [
    ...splitTerms(query.get('labelSelector') ?? '').map(readLabelTerm),
    ...splitTerms(query.get('fieldSelector') ?? '').map((term) => readFieldTerm(kind, term)),
  ];
  return (object) => terms.every((matches) => matches(object));
}

// Commas also separate the values of `in (a,b)`; those must not split a term.
function splitTerms(selector: string): string[] {
  return selector.split(/,(?![^(]*\))/).filter((term) => term.trim() !== '');
}

function readLabelTerm(term: string): Matches {
  const set = setTerm.exec(term);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = new Set(list.split(',').map((value) => value.trim()));
    return operator === 'in'
      ? (object) => values.has(label(object, key) ?? '\0')
      : (object) => !values.has(label(object, key) ?? '\0');
  }
  const equal = equalTerm.exec(term);
  if (equal !== null) {
    const [, key = '', operator, value] = equal;
    return (object) => (label(object, key) === value) !== (operator === '!=');
  }
  const exists = existsTerm.exec(term);
  if (exists === null) throw badRequest(`unable to parse requirement: ${term}`);
  const [, not, key = ''] = exists;
  return (object) => (label(object, key) !== undefined) !== (not === '!');
}

function readFieldTerm(kind: Kind, term: string): Matches {
  const match = /^\s*([\w.]+)\s*(==|=|!=)\s*(.*?)\s*$/.exec(term);
  if (match === null) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`);
  const [, path = '', operator, value] = match;
  // Custom resources know only their name and namespace; `describe` asks more of events.
  const common = path === 'metadata.name' || path === 'metadata.namespace';
  if (!common && kind.kind !== 'Event') throw badRequest(`field label not supported: ${path}`);
  return (object) => ((valueAt(object, path) ?? '') === value) !== (operator === '!=');
}

function label(object: KubeObject, key: string): string | undefined {
  return object.metadata.labels?.[key];
}
