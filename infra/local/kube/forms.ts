import { type Call, present } from './request.ts';
import type { Status } from './status.ts';
import type { KubeObject } from './store.ts';

/** A page of a list, not yet rendered as a List or a Table. */
export interface Page {
  apiVersion: string;
  kind: string;
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
  items: KubeObject[];
}

/** Of what is shown in place of whole objects. */
const GROUP_VERSION = 'meta.k8s.io/v1';

/** One object, or the Status in its place, in the form that is asked for. */
export function showObject(
  call: Call,
  object: KubeObject | Status,
  now: Date,
  withColumns = true,
): object {
  if (isStatus(object)) return object;
  const shown = present(call, object);
  switch (call.request.form) {
    case 'Table':
      return toTable(call, [shown], now, withColumns);
    case 'PartialObjectMetadata':
      return metadataOf(shown);
    default:
      return shown;
  }
}

/** A page of a list, in the form that is asked for. */
export function showPage(call: Call, page: Page, now: Date): object {
  const { metadata, items } = page;
  switch (call.request.form) {
    case 'Table':
      return { ...toTable(call, items, now, true), metadata };
    case 'PartialObjectMetadataList': {
      const kind = 'PartialObjectMetadataList';
      return { kind, apiVersion: GROUP_VERSION, metadata, items: items.map(metadataOf) };
    }
    default:
      return page;
  }
}

function isStatus(object: KubeObject | Status): object is Status {
  return object.kind === 'Status';
}

function metadataOf({ metadata }: KubeObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: GROUP_VERSION, metadata };
}

/** Objects as kubectl prints them: a name column, then the columns of the kind. */
function toTable(
  { kind, request }: Call,
  objects: readonly KubeObject[],
  now: Date,
  withColumns: boolean,
): object {
  const columns = [{ name: 'Name', type: 'string' }, ...kind.columns].map(({ name, type }, at) => ({
    name,
    type,
    format: at === 0 ? 'name' : '',
    description: '',
    priority: 0,
  }));
  return {
    kind: 'Table',
    apiVersion: GROUP_VERSION,
    metadata: { resourceVersion: objects[0]?.metadata.resourceVersion ?? '' },
    columnDefinitions: withColumns ? columns : [],
    rows: objects.map((object) => ({
      cells: [object.metadata.name, ...kind.columns.map((column) => column.cell(object, now))],
      ...included(object, request.query.get('includeObject')),
    })),
  };
}

function included(object: KubeObject, include: string | null): { object?: object } {
  if (include === 'None') return {};
  return { object: include === 'Object' ? object : metadataOf(object) };
}
