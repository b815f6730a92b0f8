import * as z from 'zod';
import type { Pusher } from '#test/fixtures/push-artifact.ts';

const stageSchema = z.looseObject({
  commit: z.string().optional(),
  message: z.string().optional(),
  errors: z.array(z.looseObject({ code: z.string(), errorMessage: z.string() })).optional(),
  errorSummary: z.looseObject({ totalCount: z.int().optional() }).optional(),
});
const stringMap = z.record(z.string(), z.string()).default({});

/** An RSync as the API server returns it. */
export const liveSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    generation: z.int(),
    resourceVersion: z.string(),
    deletionTimestamp: z.string().optional(),
    labels: stringMap,
    annotations: stringMap,
    finalizers: z.array(z.string()).default([]),
  }),
  spec: z.looseObject({ oci: z.looseObject({ image: z.string() }).optional() }),
  status: z
    .looseObject({
      observedGeneration: z.int().optional(),
      lastSyncedCommit: z.string().optional(),
      source: stageSchema.default({}),
      rendering: stageSchema.default({}),
      sync: stageSchema.default({}),
      conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
    })
    .prefault({}),
});

export type Live = z.infer<typeof liveSchema>;

/** Where an RSync is. */
export interface Place {
  readonly kind: 'RootSync' | 'RepoSync';
  readonly namespace: string;
  readonly name: string;
}

/** One request to the API server; `type` is the patch's media type. */
export interface KubeRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly type?: string;
}

export interface KubeResponse {
  readonly status: number;
  readonly body: unknown;
}

/**
 * A Config Sync behind a kube API whose RSyncs are behind the gate: every image of `registry` needs an approval. The
 * namespaces config-management-system and team-a are there.
 */
export interface ConfigSyncUnderTest {
  /** The registry's host with its port, as an image's reference begins. */
  readonly registry: string;
  /** How long anything may take at most, in milliseconds. */
  readonly patience: number;
  /** Between two looks, in milliseconds. */
  readonly poll: number;
  pusher: (repository: string) => Pusher;
  /** As an administrator who is not Countersign. */
  send: (request: KubeRequest) => Promise<KubeResponse>;
  /** As Countersign, past nothing but the gate's own leash. */
  sendAsCountersign: (request: KubeRequest) => Promise<KubeResponse>;
  stop: () => Promise<void>;
}
