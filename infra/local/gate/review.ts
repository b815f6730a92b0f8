import type { AdmissionRequest } from '../kube/admission.ts';
import { isRecord, type KubeObject, valueAt } from '../kube/object.ts';

type Annotations = Readonly<Record<string, string>>;

/** One write of an RSync, with absent maps read as empty, as the policy's variables do. */
export interface Review {
  user: string;
  kind: string;
  namespace: string;
  name: string;
  object: KubeObject;
  /** Absent on CREATE. */
  old?: KubeObject;
  annotations: Annotations;
  oldAnnotations: Annotations;
  source: Source;
}

/** The part of `spec` that image-to-sync is made from. */
export interface Source {
  type: string;
  image: string;
  repo: string;
  chart: string;
}

/** Reads an admission request; undefined for what the policy does not match. */
export function readReview(request: AdmissionRequest): Review | undefined {
  const { group, plural, operation, subresource, object, oldObject } = request;
  if (group !== 'configsync.gke.io' || subresource !== '') return undefined;
  if (plural !== 'rootsyncs' && plural !== 'reposyncs') return undefined;
  if (operation === 'DELETE' || object === undefined) return undefined;
  // An object on its way out must not be held back by its own annotations. The old object's, for a
  // client can write anything into the new one.
  if (oldObject?.metadata.deletionTimestamp !== undefined) return undefined;
  return {
    user: request.user,
    kind: request.kind,
    namespace: request.namespace,
    name: object.metadata.name,
    object,
    ...(oldObject === undefined ? {} : { old: oldObject }),
    annotations: object.metadata.annotations ?? {},
    oldAnnotations: oldObject?.metadata.annotations ?? {},
    source: readSource(object['spec']),
  };
}

/** Whether an annotation is added, changed or removed by this write. */
export function isTouched(review: Review, key: string): boolean {
  return review.annotations[key] !== review.oldAnnotations[key];
}

function readSource(spec: unknown): Source {
  const text = (path: string): string => {
    const value = isRecord(spec) ? valueAt(spec, path) : undefined;
    return typeof value === 'string' ? value : '';
  };
  return {
    type: text('sourceType'),
    image: text('oci.image'),
    repo: text('helm.repo'),
    chart: text('helm.chart'),
  };
}
