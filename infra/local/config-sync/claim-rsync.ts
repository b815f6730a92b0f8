import { createHash } from 'node:crypto';
import * as z from 'zod';
import { formatDuration, parseDuration } from './duration.ts';
import type { KubeClient } from './kube-client.ts';
import type { RSync } from './rsync.ts';
import { type RSyncObject, rsyncSchema } from './schema.ts';

export const MANAGER_FINALIZER = 'configsync.gke.io/reconciler-manager';
export const RECONCILER_FINALIZER = 'configsync.gke.io/reconciler';
export const APPLYSET_ID = 'applyset.kubernetes.io/id';
export const APPLYSET_TOOLING = 'applyset.kubernetes.io/tooling';
const TOOLING = 'configsync.gke.io/v1';
const SOURCES = ['git', 'oci', 'helm'] as const;

const sourceSchema = z.looseObject({ period: z.string().default('0s') }).optional();
const sourcesSchema = z.looseObject({ git: sourceSchema, oci: sourceSchema, helm: sourceSchema });

/**
 * What reconciler-manager writes on an RSync at first sight: its finalizer, by a whole update out of Go's types, which
 * spell out `period`; then what marks it as the parent of an ApplySet. Returns the object as it is then. Throws
 * `KubeError`, 409 where another write got in between.
 */
export async function claimRSync(
  kube: Pick<KubeClient, 'replace' | 'merge'>,
  rsync: RSync,
): Promise<RSync> {
  const claimed = rsync.finalizers.includes(MANAGER_FINALIZER)
    ? rsync
    : await kube.replace(rsync, withFinalizers(rsync, [...rsync.finalizers, MANAGER_FINALIZER]));
  const id = applySetId(claimed);
  const { labels, annotations } = claimed;
  if (labels[APPLYSET_ID] === id && annotations[APPLYSET_TOOLING] === TOOLING) return claimed;
  return kube.merge(claimed, {
    metadata: { labels: { [APPLYSET_ID]: id }, annotations: { [APPLYSET_TOOLING]: TOOLING } },
  });
}

/** The object with these finalizers, as a client sends it that works with Go's types. */
export function withFinalizers({ object }: RSync, finalizers: readonly string[]): RSyncObject {
  return rsyncSchema.parse({
    ...object,
    metadata: { ...object.metadata, finalizers },
    spec: spellOutPeriods(object.spec),
  });
}

/** The ID of the ApplySet whose parent the RSync is: `applyset-<base64url of a SHA-256>-v1` (KEP 3659). */
export function applySetId(parent: Pick<RSync, 'kind' | 'namespace' | 'name'>): string {
  const { kind, namespace, name } = parent;
  const hash = createHash('sha256').update(`${name}.${namespace}.${kind}.configsync.gke.io`);
  return `applyset-${hash.digest('base64url')}-v1`;
}

/** Go writes every duration, in its own notation: none is `0s`, and `1h` is `1h0m0s`. */
function spellOutPeriods(spec: unknown): unknown {
  const parsed = sourcesSchema.safeParse(spec);
  if (!parsed.success) return spec;
  const sources = SOURCES.flatMap((name) => {
    const source = parsed.data[name];
    if (source === undefined) return [];
    const time = parseDuration(source.period);
    return [[name, { ...source, ...(time === undefined ? {} : { period: formatDuration(time) }) }]];
  });
  return { ...parsed.data, ...Object.fromEntries(sources) };
}
