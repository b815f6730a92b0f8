import { canonicalJson, parseJson } from '#shared/net/json.ts';
import { compareFields, fieldsOf, type FieldSet, minus, union } from './field-sets.ts';
import { withManagers } from './manager-entries.ts';
import type { Schema } from './schemas.ts';
import { isRecord, type KubeObject } from './store.ts';

const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';
/** The only manager whose server-side apply goes on from where its client-side apply was. */
export const KUBECTL = 'kubectl';

/**
 * What kubectl applied from its side and is there as it was: a server-side apply of kubectl's takes it without a
 * conflict (`lastAppliedManager` of apimachinery).
 */
export function fieldsLastApplied(schema: Schema, live: KubeObject): FieldSet {
  const applied = parseJson(live.metadata.annotations?.[ANNOTATION] ?? '');
  if (!isRecord(applied)) return new Set();
  const { added, modified, removed } = compareFields(schema, applied, withManagers(live, []));
  return minus(fieldsOf(schema, applied), union(union(added, modified), removed));
}

/** The object with what kubectl applies now in that annotation, where it has one. */
export function withLastApplied(object: KubeObject, applied: KubeObject): KubeObject {
  const { annotations } = object.metadata;
  if (!annotations?.[ANNOTATION]) return object;
  const { managedFields: _, ...metadata } = applied.metadata;
  const { [ANNOTATION]: __, ...others } = metadata.annotations ?? {};
  const declared = {
    ...applied,
    metadata: { ...metadata, ...(metadata.annotations && { annotations: others }) },
  };
  const text = `${canonicalJson(declared)}\n`;
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...annotations, [ANNOTATION]: text } },
  };
}
