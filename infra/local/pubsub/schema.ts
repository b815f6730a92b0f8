import * as z from 'zod';
import { PubsubError } from './pubsub-error.ts';

// Requests as both transports hand them in. gRPC (proto-loader: camelCase, longs as strings,
// defaults filled in) and REST (proto3 JSON) differ in three types only, and each of these accepts
// either form. Fields that are not used are not declared.

const MILLI = 1_000;
const NANOS_PER_MILLI = 1_000_000;

/** `"1.5s"`, or google.protobuf.Duration; read as milliseconds. */
const duration = z.union([
  z
    .string()
    .regex(/^\d{1,12}(?:\.\d{1,9})?s$/, 'Not a duration such as 10s')
    .transform((text) => Math.round(Number.parseFloat(text) * MILLI)),
  z
    .object({ seconds: z.coerce.number().min(0), nanos: z.number().min(0) })
    .transform(({ seconds, nanos }) => seconds * MILLI + Math.round(nanos / NANOS_PER_MILLI)),
]);

/** Base64, or the bytes themselves. */
const bytes = z.union([
  z.instanceof(Uint8Array),
  z.base64().transform((text): Uint8Array => Buffer.from(text, 'base64')),
]);

/** proto3 JSON writes int64 as text. */
const integer = z.coerce.number().int();
const text = orElse(z.string(), '');
const flag = orElse(z.boolean(), false);
const count = orElse(integer, 0);
const map = orElse(z.record(z.string(), z.string()), {});

/** Null and absent are the same in proto3. */
function orElse<T extends z.ZodType, Otherwise>(schema: T, otherwise: Otherwise) {
  return schema.nullish().transform((value) => value ?? otherwise);
}

function optional<T extends z.ZodType>(schema: T) {
  return orElse(schema, undefined);
}

const pushConfig = z.object({
  pushEndpoint: text,
  oidcToken: optional(z.object({ serviceAccountEmail: text, audience: text })),
  noWrapper: optional(z.object({ writeMetadata: flag })),
});

const subscription = z.object({
  name: z.string(),
  topic: text,
  pushConfig: optional(pushConfig),
  ackDeadlineSeconds: count,
  messageRetentionDuration: optional(duration),
  labels: map,
  enableMessageOrdering: flag,
  filter: text,
  deadLetterPolicy: optional(z.object({ deadLetterTopic: text, maxDeliveryAttempts: count })),
  retryPolicy: optional(
    z.object({ minimumBackoff: optional(duration), maximumBackoff: optional(duration) }),
  ),
  expirationPolicy: optional(z.object({ ttl: optional(duration) })),
  bigqueryConfig: z.unknown().optional(),
  cloudStorageConfig: z.unknown().optional(),
  bigtableConfig: z.unknown().optional(),
  messageTransforms: z.array(z.unknown()).nullish(),
  enableExactlyOnceDelivery: flag,
});

export type SubscriptionWire = z.output<typeof subscription>;

const message = z
  .object({ data: bytes.nullish(), attributes: map, orderingKey: text })
  .transform(({ data, attributes, orderingKey }) => ({
    data: data ?? new Uint8Array(),
    attributes,
    orderingKey,
  }));

const page = { pageSize: count, pageToken: text };
const ackIds = orElse(z.array(z.string()), []);

/** `ackDeadlineSeconds,pushConfig` in JSON, snake_case paths in gRPC; read as camelCase. */
const fieldMask = z
  .union([
    z.string().transform((list) => list.split(',')),
    z.object({ paths: z.array(z.string()) }).transform(({ paths }) => paths),
  ])
  .transform((paths) =>
    paths.map((path) => path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())),
  );

export const requests = {
  topic: z.object({ name: z.string(), labels: map }),
  byTopic: z.object({ topic: z.string() }),
  listTopics: z.object({ project: z.string(), ...page }),
  listTopicSubscriptions: z.object({ topic: z.string(), ...page }),
  publish: z.object({ topic: z.string(), messages: z.array(message) }),
  subscription,
  bySubscription: z.object({ subscription: z.string() }),
  listSubscriptions: z.object({ project: z.string(), ...page }),
  updateSubscription: z.object({ subscription, updateMask: fieldMask }),
  modifyPushConfig: z.object({ subscription: z.string(), pushConfig: optional(pushConfig) }),
  pull: z.object({ subscription: z.string(), maxMessages: count, returnImmediately: flag }),
  acknowledge: z.object({ subscription: z.string(), ackIds }),
  modifyAckDeadline: z.object({ subscription: z.string(), ackIds, ackDeadlineSeconds: count }),
  streamingPull: z.object({
    subscription: text,
    ackIds,
    modifyDeadlineSeconds: orElse(z.array(integer), []),
    modifyDeadlineAckIds: ackIds,
    streamAckDeadlineSeconds: count,
    maxOutstandingMessages: count,
  }),
} as const;

/** Parses a request; what does not fit is INVALID_ARGUMENT, naming the first field at fault. */
export function parseRequest<T extends z.ZodType>(schema: T, request: unknown): z.output<T> {
  const parsed = schema.safeParse(request);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue?.path.join('.') || 'request';
  throw new PubsubError('INVALID_ARGUMENT', `Invalid ${place}: ${issue?.message ?? 'malformed'}`);
}

type ResourceKind = 'topics' | 'subscriptions';

/** Pub/Sub resource names: 3 to 255 of these, a letter first, never "goog" in front. */
const RESOURCE_ID = /^(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}$/;

/** Also domain-scoped projects (`example.com:project`). */
const PROJECT_ID = /^[A-Za-z0-9][A-Za-z0-9.:_-]*$/;

interface ResourceName {
  project: string;
  id: string;
}

/** Splits `projects/P/topics/T` (or subscriptions); INVALID_ARGUMENT where it is not one. */
export function parseResourceName(kind: ResourceKind, name: string): ResourceName {
  const [root, project, found, id, ...rest] = name.split('/');
  const whole =
    root === 'projects' && found === kind && rest.length === 0 && PROJECT_ID.test(project ?? '');
  if (!whole || project === undefined || id === undefined || !RESOURCE_ID.test(id)) {
    throw new PubsubError('INVALID_ARGUMENT', `Invalid [${kind}] name: (name=${name})`);
  }
  return { project, id };
}

/** The project of `projects/P`; INVALID_ARGUMENT where it is not one. */
export function parseProjectName(name: string): string {
  const [root, project, ...rest] = name.split('/');
  if (
    root !== 'projects' ||
    project === undefined ||
    rest.length > 0 ||
    !PROJECT_ID.test(project)
  ) {
    throw new PubsubError('INVALID_ARGUMENT', `Invalid [projects] name: (name=${name})`);
  }
  return project;
}
