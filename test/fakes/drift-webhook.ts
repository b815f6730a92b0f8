import { isDeepStrictEqual } from 'node:util';
import {
  MUTATION,
  DECLARED_FIELDS,
  DECLARED_VERSION,
} from '#infra/local/config-sync/apply-declared.ts';
import type { AdmissionRequest, Admit, Denial } from '#infra/local/kube/request.ts';
import { isRecord, type KubeObject, valueAt } from '#infra/local/kube/store.ts';

const CONFIG_SYNC = 'system:serviceaccount:config-management-system:';
const PREFIXES = ['configsync.gke.io/', 'configmanagement.gke.io/'];
const KEYS = [
  MUTATION,
  'config.k8s.io/owning-inventory',
  'configsync.gke.io/deletion-propagation-policy',
];

/**
 * Config Sync's own admission webhook (docs/facts/config-sync.md#own-webhook), off by default there: of what a parent
 * declares, no other user than Config Sync may change its metadata, ever, nor its declared fields, unless it asks to be left
 * alone.
 *
 * @example const kube = await startKube({ name: 'cluster-1', admit: [createDriftWebhook()] });
 */
export function createDriftWebhook(): Admit {
  return ({ user, operation, subresource, object, oldObject, ...request }) => {
    if (operation !== 'UPDATE' || subresource !== '') return undefined;
    if (object === undefined || oldObject?.metadata.labels?.[DECLARED_VERSION] === undefined) {
      return undefined;
    }
    if (user.startsWith(CONFIG_SYNC)) return undefined;
    const metadata = changedMetadata(object, oldObject);
    if (metadata.length > 0) {
      return forbid(request, `${user} cannot modify Config Sync metadata: ${metadata.join(', ')}`);
    }
    if (oldObject.metadata.annotations?.[MUTATION] === 'ignore') return undefined;
    const fields = declaredFields(oldObject).filter(
      (path) => !isDeepStrictEqual(valueAt(object, path), valueAt(oldObject, path)),
    );
    if (fields.length === 0) return undefined;
    return forbid(
      request,
      `${user} cannot modify fields managed by Config Sync: ${fields.join(', ')}`,
    );
  };
}

function changedMetadata(object: KubeObject, old: KubeObject): string[] {
  return (['annotations', 'labels'] as const).flatMap((map) => {
    const [after, before] = [object.metadata[map] ?? {}, old.metadata[map] ?? {}];
    const keys = [...new Set([...Object.keys(after), ...Object.keys(before)])];
    return keys.filter((key) => isConfigSyncs(key) && after[key] !== before[key]);
  });
}

function isConfigSyncs(key: string): boolean {
  return KEYS.includes(key) || PREFIXES.some((prefix) => key.startsWith(prefix));
}

/** Dotted paths of the declared fields below `spec`. */
function declaredFields({ metadata }: KubeObject): string[] {
  const fields: unknown = JSON.parse(metadata.annotations?.[DECLARED_FIELDS] ?? '{}');
  return leaves(valueAt(fields, 'f:spec'), 'spec');
}

function leaves(fields: unknown, path: string): string[] {
  if (!isRecord(fields)) return [];
  const entries = Object.entries(fields);
  if (entries.length === 0) return [path];
  return entries.flatMap(([key, field]) => leaves(field, `${path}.${key.slice('f:'.length)}`));
}

function forbid(
  { plural, group, name }: Pick<AdmissionRequest, 'plural' | 'group' | 'name'>,
  why: string,
): Denial {
  const denial = `admission webhook "admission-webhook.configsync.gke.io" denied the request: ${why}`;
  return {
    code: 403,
    reason: 'Forbidden',
    message: `${plural}.${group} "${name}" is forbidden: ${denial}`,
  };
}
