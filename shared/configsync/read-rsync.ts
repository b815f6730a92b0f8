import { cutText } from '#shared/core/foreign-text.ts';
import * as z from 'zod';
import {
  APPROVED,
  BREAK_GLASS,
  HOLD,
  IMAGE_TO_SYNC,
  RECEIPT,
  type RSyncAnnotations,
  parseApproved,
} from '#shared/core/annotations.ts';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { type Digest, isDigest } from '#shared/core/digest.ts';
import type { ReceiptFacts } from '#shared/core/receipt.ts';
import { readHold } from '#shared/core/hold.ts';
import { ROLLOUT_ID } from '#shared/core/rollout/id.ts';
import { MAX_REJECTED } from '#shared/core/rollout/record.ts';
import type { RSync } from '#shared/core/rsync.ts';
import { CONFIG_SYNC_NAMESPACE, NAME } from '#shared/core/sync-ref.ts';
import { MAX_ANNOTATION, MAX_FINALIZERS, MAX_IMAGE, MAX_VERSION, MAX_WORD } from './limits.ts';
import { readSource } from './read-source.ts';
import { readStatus } from './read-status.ts';

/** Set on what a parent RootSync declares; Config Sync's own webhook then guards it (docs/facts/config-sync.md#own-webhook). */
const DECLARED_VERSION = 'configsync.gke.io/declared-version';

/** On what an RSync applies; the RSync itself has `applyset.kubernetes.io/id`. */
const PART_OF = 'applyset.kubernetes.io/part-of';
/** With `ignore`, Config Sync does not put back what others change (docs/facts/config-sync.md#drift). */
const MUTATION = 'client.lifecycle.config.k8s.io/mutation';

/** Who applies it, as Config Sync notes on everything that it manages; a tenant who writes the object may write this too. */
const MANAGER = 'configsync.gke.io/manager';
/** `:root`, `team-a`, and behind "_" the name where it is not the usual one. */
const MANAGER_VALUE = /^(:root|[a-z0-9-]{1,63})(?:_([a-z0-9.-]{1,253}))?$/;

/** Config Sync's two (docs/facts/config-sync.md#deletion), and Kubernetes' own for the propagation of a deletion. */
const KNOWN_FINALIZERS = new Set([
  'configsync.gke.io/reconciler-manager',
  'configsync.gke.io/reconciler',
  'foregroundDeletion',
  'orphan',
]);

const dnsName = z.string().regex(NAME, 'is not a Kubernetes name');
const word = z.string().max(MAX_WORD);
const annotation = z.string().transform((text) => cutText(text, MAX_ANNOTATION));

/** v1beta1 and v1alpha1 alike. The metadata must be right; spec and status are checked where they are read. */
const objectSchema = z.lazy(() =>
  z.object({
    kind: z.enum(['RootSync', 'RepoSync']),
    metadata: z.object({
      name: dnsName,
      namespace: dnsName,
      uid: word.min(1),
      resourceVersion: word.min(1),
      generation: z.number().int().nonnegative().default(0),
      deletionTimestamp: word.nullish(),
      finalizers: z.array(z.string().transform((text) => cutText(text, MAX_WORD))).nullish(),
      labels: z.record(z.string(), z.string()).nullish(),
      annotations: z.record(z.string(), annotation).nullish(),
    }),
    spec: z.unknown().optional(),
    status: z.unknown().optional(),
  }),
);

/**
 * Reads a RootSync or RepoSync. A bad source becomes an `invalid` source, a bad status an absent one. Throws
 * `bad-request` only where the object cannot be named: that says the field, and the cluster's API server is to blame.
 */
export function readRSync(object: unknown): RSync {
  const parsed = objectSchema.safeParse(object);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0] ?? { path: [], message: '' };
    throw new CountersignError('bad-request', `RSync has a bad ${path.join('.')}: ${message}`);
  }
  const { kind, metadata, spec, status } = parsed.data;
  const { name, namespace, uid, resourceVersion, generation } = metadata;
  if (kind === 'RootSync' && namespace !== CONFIG_SYNC_NAMESPACE) {
    // Config Sync ignores it, and by its name alone it would pass for the one that counts.
    throw new CountersignError(
      'bad-request',
      `RootSync ${name} is in namespace ${namespace}; Config Sync knows ${CONFIG_SYNC_NAMESPACE} only`,
    );
  }
  const labels = metadata.labels ?? {};
  const annotations = metadata.annotations ?? {};
  return defined({
    ref: { kind, namespace, name },
    uid,
    resourceVersion,
    generation,
    ...readDeletion(metadata),
    declared: Object.hasOwn(labels, DECLARED_VERSION),
    manager: readManager(annotations[MANAGER]),
    inApplySet: Object.hasOwn(labels, PART_OF) || undefined,
    mutationIgnored: annotations[MUTATION] === 'ignore' || undefined,
    source: readSource(spec),
    annotations: readAnnotations(annotations),
    status: readStatus(status),
  });
}

/** A finalizer that Config Sync does not know keeps an object syncing: a tenant may have put it there. */
function readDeletion({
  deletionTimestamp,
  finalizers,
}: z.infer<typeof objectSchema>['metadata']): Pick<RSync, 'deleting' | 'deletingSince' | 'heldBy'> {
  if (typeof deletionTimestamp !== 'string') return { deleting: false };
  const time = Date.parse(deletionTimestamp);
  const foreign = (finalizers ?? []).filter((name) => !KNOWN_FINALIZERS.has(name));
  return defined({
    deleting: true,
    deletingSince: Number.isNaN(time) ? undefined : new Date(time).toISOString(),
    heldBy: foreign.length === 0 ? undefined : foreign.slice(0, MAX_FINALIZERS),
  });
}

function readManager(value = ''): string | undefined {
  const [, scope, name] = MANAGER_VALUE.exec(value) ?? [];
  if (scope === ':root') return `RootSync/${name ?? 'root-sync'}`;
  return scope && `RepoSync/${scope}/${name ?? 'repo-sync'}`;
}

const digest = z.custom<Digest>((value) => typeof value === 'string' && isDigest(value));
const ISO_SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;
const time = z
  .string()
  .regex(ISO_SECONDS)
  .refine((text) => !Number.isNaN(Date.parse(text)));

/** An approval key. */
const key = z.string().min(1).max(MAX_IMAGE);

/** Kept in the store, and what a lost record is rebuilt from: read as those are. */
const rolloutSchema = () =>
  z
    .object({
      id: z.string().regex(ROLLOUT_ID),
      stage: word,
      kind: z.enum(['forward', 'rollback']),
      digest: key,
      previous: key.optional(),
      indexes: z.record(key, digest).optional(),
      rejected: z.array(key).max(MAX_REJECTED),
      startedAt: z.iso.datetime(),
      resolvedAt: z.iso.datetime(),
    })
    .transform((rollout) => defined(rollout));

/** What a later version adds, or another writer spoils, costs no more than that field. */
const receiptSchema = z.lazy(() =>
  z.object({
    image: z.string(),
    digest,
    index: digest.optional().catch(undefined),
    version: z.string().max(MAX_VERSION).optional().catch(undefined),
    policy: z.string(),
    resolvedAt: time,
    approvedAt: time,
    also: z.array(z.string()).optional().catch(undefined),
    ahead: z
      .object({ digest, actor: z.string().optional().catch(undefined) })
      .transform((ahead) => defined(ahead))
      .optional()
      .catch(undefined),
    pin: z.enum(['written', 'refused']).optional().catch(undefined),
    rollout: rolloutSchema().optional().catch(undefined),
    was: z.literal('failed').optional().catch(undefined),
  }),
);

/** Reads a receipt; undefined when it is absent or none that Countersign wrote. */
export function parseReceipt(text: string | undefined): ReceiptFacts | undefined {
  if (text === undefined || text.length > MAX_ANNOTATION) return undefined;
  try {
    return defined(receiptSchema.parse(JSON.parse(text)));
  } catch {
    return undefined;
  }
}

/** Countersign's annotations and Config Sync's, each read once. */
export function readAnnotations(annotations: Readonly<Record<string, string>>): RSyncAnnotations {
  const { [APPROVED]: approved, [RECEIPT]: receipt, [HOLD]: hold } = annotations;
  return defined({
    approved: defined({ text: approved, keys: parseApproved(approved) }),
    receipt: defined({ text: receipt, facts: parseReceipt(receipt) }),
    imageToSync: annotations[IMAGE_TO_SYNC],
    breakGlass: annotations[BREAK_GLASS],
    hold: hold === undefined ? undefined : readHold(hold),
  });
}
