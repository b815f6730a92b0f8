import type { Kind } from './kinds.ts';
import type { KubeObject } from './object.ts';

/** A client's wish for a Table (meta/v1), and how much of each object its rows carry. */
export interface TableRequest {
  include: 'None' | 'Metadata' | 'Object';
}

/** Reads Accept and `includeObject`; undefined where the client wants plain objects. */
export function readTableRequest(accept: string, query: URLSearchParams): TableRequest | undefined {
  const first = accept.split(',').find((type) => type.trim().startsWith('application/json'));
  const wants = /;\s*as=Table\b/.test(first ?? '') && /;\s*g=meta\.k8s\.io\b/.test(first ?? '');
  if (!wants) return undefined;
  const include = query.get('includeObject');
  return { include: include === 'None' || include === 'Object' ? include : 'Metadata' };
}

/** Objects as kubectl prints them: a name column, then the columns of the kind. */
export function toTable(
  kind: Kind,
  objects: readonly KubeObject[],
  request: TableRequest,
  now: Date,
  withColumns: boolean,
): Record<string, unknown> {
  const columns = kind.columns.map(({ name, type }) => ({
    name,
    type,
    format: '',
    description: '',
    priority: 0,
  }));
  const nameColumn = { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 };
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: objects[0]?.metadata.resourceVersion ?? '' },
    columnDefinitions: withColumns ? [nameColumn, ...columns] : [],
    rows: objects.map((object) => ({
      cells: [object.metadata.name, ...kind.columns.map((column) => column.cell(object, now))],
      ...included(object, request),
    })),
  };
}

function included(object: KubeObject, { include }: TableRequest): { object?: unknown } {
  if (include === 'None') return {};
  if (include === 'Object') return { object };
  const { metadata } = object;
  return {
    object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata },
  };
}
