import { applySetId } from './claim-rsync.ts';
import type { DeclaredObject } from './declared-syncs.ts';
import type { RSync } from './rsync.ts';

export const DECLARED_VERSION = 'configsync.gke.io/declared-version';
export const DECLARED_FIELDS = 'configsync.gke.io/declared-fields';
export const OWNING_INVENTORY = 'config.k8s.io/owning-inventory';
export const APPLYSET_PART_OF = 'applyset.kubernetes.io/part-of';

/** Where a declaration comes from. */
export interface Origin {
  readonly parent: RSync;
  /** The image or the repository, and what of it was pulled. */
  readonly repo: string;
  readonly commit: string;
  /** The file, from the source's root. */
  readonly path: string;
  /** The cluster's name. */
  readonly cluster: string;
  /** Whether Config Sync's own admission webhook is on: it alone reads which fields are declared. */
  readonly webhook: boolean;
}

/** The object with what Config Sync adds to everything that it manages (docs/config-sync.md). */
export function withChildMetadata(object: DeclaredObject, origin: Origin): DeclaredObject {
  const { metadata, spec } = object;
  const { labels, annotations } = metadata;
  const { parent, repo, commit, path, cluster, webhook } = origin;
  const group = object.apiVersion.split('/')[0] ?? '';
  const id = [group, object.kind.toLowerCase(), metadata.namespace, metadata.name].join('_');
  const fields = fieldsOf({ metadata: { labels, annotations }, spec });
  return {
    ...object,
    // The versions differ in nothing else here, and this is the one that is asked for.
    apiVersion: 'configsync.gke.io/v1beta1',
    metadata: {
      ...metadata,
      labels: {
        ...labels,
        'app.kubernetes.io/managed-by': 'configmanagement.gke.io',
        [APPLYSET_PART_OF]: applySetId(parent),
        [DECLARED_VERSION]: object.apiVersion.split('/')[1] ?? '',
      },
      annotations: {
        ...annotations,
        [OWNING_INVENTORY]: `${parent.namespace}_${parent.name}`,
        'configmanagement.gke.io/cluster-name': cluster,
        'configmanagement.gke.io/managed': 'enabled',
        'configmanagement.gke.io/source-path': path,
        'configmanagement.gke.io/token': commit,
        'configsync.gke.io/git-context': JSON.stringify({ repo }),
        'configsync.gke.io/manager': managerOf(parent),
        'configsync.gke.io/resource-id': id,
        ...(webhook ? { [DECLARED_FIELDS]: JSON.stringify(fields) } : {}),
      },
    },
  };
}

function managerOf({ kind, namespace, name }: RSync): string {
  const scope = kind === 'RootSync' ? ':root' : namespace;
  return name === 'root-sync' || name === 'repo-sync' ? scope : `${scope}_${name}`;
}

/** Kubernetes' notation of a set of fields: `{"f:spec":{"f:oci":{"f:image":{}}}}`. */
function fieldsOf(value: unknown): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .map(([key, field]) => [`f:${key}`, fieldsOf(field)]),
  );
}
