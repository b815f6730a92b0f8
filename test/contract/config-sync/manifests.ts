import { stringify } from 'yaml';
import type { Place } from './subject.ts';

/** A RootSync's place. */
export function root(name: string): Place {
  return { kind: 'RootSync', namespace: 'config-management-system', name };
}

/** A RepoSync's place. */
export function team(name: string): Place {
  return { kind: 'RepoSync', namespace: 'team-a', name };
}

/** `spec` of an RSync on an image; `rest` is added to `spec.oci`. */
export function oci(image: string, rest: object = {}): object {
  return { sourceType: 'oci', sourceFormat: 'unstructured', oci: { image, auth: 'none', ...rest } };
}

/** A manifest that the real Config Sync applies at once and that waits for nothing. */
export function configMap(name: string, data: object = {}): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'team-a' },
    data,
  });
}

/** A manifest that declares an RSync. */
export function declare(
  { kind, namespace, name }: Place,
  spec: object,
  annotations?: object,
): string {
  const metadata = { name, namespace, ...(annotations === undefined ? {} : { annotations }) };
  return stringify({ apiVersion: 'configsync.gke.io/v1beta1', kind, metadata, spec });
}
