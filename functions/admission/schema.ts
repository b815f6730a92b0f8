import * as z from 'zod';
import { MAX_UID } from './limits.ts';

/**
 * AdmissionReview, `admission.k8s.io/v1` and `v1beta1` alike, as far as it is used. An API server sends it, or anybody
 * who reaches the port. Nothing here is needed to answer but the uid: whatever else is wrong becomes a denial.
 */
export const reviewSchema = z.object({
  apiVersion: z.string(),
  kind: z.literal('AdmissionReview'),
  request: z.object({ uid: z.string().min(1).max(MAX_UID) }).loose(),
});

const kind = z.object({ group: z.string(), version: z.string().default(''), kind: z.string() });
const resource = z.object({ group: z.string(), resource: z.string() });

export const requestSchema = z.object({
  kind,
  resource,
  subResource: z.string().nullish(),
  operation: z.string(),
  userInfo: z.object({ username: z.string().optional() }).nullish(),
  object: z.unknown().optional(),
  oldObject: z.unknown().optional(),
});

export type AdmissionRequest = z.infer<typeof requestSchema>;

const metadata = z.object({
  name: z.string().nullish(),
  namespace: z.string().nullish(),
  deletionTimestamp: z.string().nullish(),
  /** What is no list counts as none. */
  finalizers: z.array(z.string()).nullish().catch(null),
  annotations: z.looseObject({}).nullish(),
});

/** A RootSync or RepoSync, old or new; on CREATE it may have no name yet. */
export const objectSchema = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata,
  spec: z.unknown().optional(),
  status: z
    .object({ lastSyncedCommit: z.string().optional().catch(undefined) })
    .nullish()
    .catch(null),
});

export type SyncObject = z.infer<typeof objectSchema>;
