import * as z from 'zod';
import { PubsubError } from './pubsub-error.ts';

/** One message: data, attributes and ordering key together. */
const MESSAGE_LIMIT = 10_000_000;

/** The messages of one answer, unless it is one message: Google keeps below it, and so below the limits of clients. */
export const ANSWER_LIMIT = 10_000_000;

const MESSAGES_PER_PUBLISH = 1_000;

const ATTRIBUTES_PER_MESSAGE = 100;

const ATTRIBUTE_KEY_LIMIT = 256;

const ATTRIBUTE_VALUE_LIMIT = 1_024;

const ORDERING_KEY_LIMIT = 1_024;

/** How long a message is kept, unless the subscription says otherwise: seven days. */
const DEFAULT_RETENTION = 7 * 24 * 3_600_000;

export const ACK_DEADLINE_SECONDS = { min: 10, max: 600, default: 10 } as const;
const DELIVERY_ATTEMPTS = { min: 5, max: 100, default: 5 } as const;
const RETRY_BACKOFF = { max: 600_000, defaultMin: 10_000, defaultMax: 600_000 } as const;

/** A publish request on the wire: base64 adds a third to the payload, JSON some more. */
export const REQUEST_LIMIT = 16 * 1024 * 1024;

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

/** What proto3 JSON takes: either alphabet, with padding or without. Plain, for it reads megabytes. */
const BASE64 = /^[\w+/-]*={0,2}$/;

/** Base64, or the bytes themselves. */
const bytes = z.union([
  z.instanceof(Uint8Array),
  z
    .string()
    .regex(BASE64, 'not base64')
    .refine((text) => text.replace(/=+$/, '').length % 4 !== 1, 'not base64')
    .transform((text): Uint8Array => Buffer.from(text, 'base64')),
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

/** Text of at most so many bytes in UTF-8. */
function utf8(limit: number) {
  const fits = (value: string): boolean => Buffer.byteLength(value) <= limit;
  return z.string().refine(fits, `longer than ${limit} bytes`);
}

/** A number between two limits; zero and absent are its default. */
function within(limits: { min: number; max: number; default: number }) {
  const { min, max, default: otherwise } = limits;
  return count.transform((value) => value || otherwise).pipe(z.int().min(min).max(max));
}

/** A setting that changes what is delivered, and that this service does not have: UNIMPLEMENTED. */
function unsupported(field: string) {
  return z
    .unknown()
    .transform((value) => {
      if (Array.isArray(value) ? value.length === 0 : !value) return;
      throw new PubsubError('UNIMPLEMENTED', `${field} is not supported here`);
    })
    .optional();
}

/** Where a subscription pushes. An empty endpoint means pull, whatever else it says. */
const pushConfig = optional(
  z.object({
    pushEndpoint: text,
    oidcToken: optional(z.object({ serviceAccountEmail: text, audience: text })),
    noWrapper: optional(z.object({ writeMetadata: flag })),
  }),
)
  .transform((config) => (config?.pushEndpoint ? config : undefined))
  .refine(
    (config) => !config || /^https?:$/.test(URL.parse(config.pushEndpoint)?.protocol ?? ''),
    'pushEndpoint is not an http or https URL',
  );

const backoff = (otherwise: number) =>
  orElse(duration.pipe(z.number().max(RETRY_BACKOFF.max)), otherwise);

/** A subscription's settings, defaults filled in. Durations are milliseconds. */
const subscription = z.object({
  name: z.string(),
  topic: text,
  /** Undefined: a pull subscription. */
  pushConfig,
  ackDeadlineSeconds: within(ACK_DEADLINE_SECONDS),
  messageRetentionDuration: orElse(duration, DEFAULT_RETENTION),
  labels: map,
  enableMessageOrdering: flag,
  /** Kept and shown, never acted upon, as in Google's emulator. */
  filter: text,
  deadLetterPolicy: optional(
    z.object({ deadLetterTopic: text, maxDeliveryAttempts: within(DELIVERY_ATTEMPTS) }),
  ),
  retryPolicy: optional(
    z
      .object({
        minimumBackoff: backoff(RETRY_BACKOFF.defaultMin),
        maximumBackoff: backoff(RETRY_BACKOFF.defaultMax),
      })
      .refine(
        ({ minimumBackoff, maximumBackoff }) => minimumBackoff <= maximumBackoff,
        'minimumBackoff is above maximumBackoff',
      ),
  ),
  /** Kept and shown, never acted upon: nothing expires here. */
  expirationPolicy: optional(z.object({ ttl: optional(duration) })),
  bigqueryConfig: unsupported('bigqueryConfig'),
  cloudStorageConfig: unsupported('cloudStorageConfig'),
  bigtableConfig: unsupported('bigtableConfig'),
  messageTransforms: unsupported('messageTransforms'),
  enableExactlyOnceDelivery: unsupported('enableExactlyOnceDelivery'),
});

export type SubscriptionSettings = z.output<typeof subscription>;
type PushConfig = NonNullable<SubscriptionSettings['pushConfig']>;
export type PushTarget = Pick<PushConfig, 'pushEndpoint'> & Partial<PushConfig>;

// "goog" is reserved, yet client libraries carry their trace context in googclient_ attributes.
const attributeKey = utf8(ATTRIBUTE_KEY_LIMIT).regex(
  /^(?!goog(?!client_))./s,
  'an attribute key is empty, or starts with goog',
);

/** A message as its publisher hands it in. */
export interface Draft {
  data: Uint8Array;
  attributes: Readonly<Record<string, string>>;
  /** Empty: no order asked for. */
  orderingKey: string;
}

/** The bytes that count towards the message limit. */
export function messageSize({ data, attributes, orderingKey }: Draft): number {
  const texts = [orderingKey, ...Object.entries(attributes).flat()];
  return texts.reduce((size, one) => size + Buffer.byteLength(one), data.byteLength);
}

// What the real service would not take is refused.
const message = z
  .object({
    data: orElse(bytes, new Uint8Array()),
    attributes: orElse(
      z
        .record(attributeKey, utf8(ATTRIBUTE_VALUE_LIMIT))
        .refine(
          (attributes) => Object.keys(attributes).length <= ATTRIBUTES_PER_MESSAGE,
          `more than ${ATTRIBUTES_PER_MESSAGE} attributes`,
        ),
      {},
    ),
    orderingKey: orElse(utf8(ORDERING_KEY_LIMIT), ''),
  })
  .refine(
    ({ data, attributes }) => data.byteLength > 0 || Object.keys(attributes).length > 0,
    'some messages are empty',
  )
  .refine((draft) => messageSize(draft) <= MESSAGE_LIMIT, `larger than ${MESSAGE_LIMIT} bytes`);

/** A message as the service keeps it. */
export interface Message extends Draft {
  messageId: string;
  /** Milliseconds since the epoch. */
  publishTime: number;
}

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
  byProject: z.object({ project: z.string(), ...page }),
  listTopicSubscriptions: z.object({ topic: z.string(), ...page }),
  publish: z.object({
    topic: z.string(),
    messages: z.array(message).min(1, 'No messages').max(MESSAGES_PER_PUBLISH),
  }),
  subscription,
  bySubscription: z.object({ subscription: z.string() }),
  updateSubscription: z.object({ subscription, updateMask: fieldMask }),
  modifyPushConfig: z.object({ subscription: z.string(), pushConfig }),
  pull: z.object({
    subscription: z.string(),
    maxMessages: count.pipe(z.int().positive()),
    returnImmediately: flag,
  }),
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

/** Also domain-scoped projects (`example.com:project`). */
const PROJECT = /^projects\/([A-Za-z0-9][A-Za-z0-9.:_-]*)(?:\/([a-z]+)\/([^/]*))?$/;
/** 3 to 255 of these, a letter first, never "goog" in front. */
const RESOURCE_ID = /^(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}$/;

/** Reads `projects/P`, `projects/P/topics/T` or `projects/P/subscriptions/S`; INVALID_ARGUMENT where it is none. */
export function parseName(
  kind: 'projects' | 'topics' | 'subscriptions',
  name: string,
): { project: string; id: string } {
  const [, project, found, id = ''] = PROJECT.exec(name) ?? [];
  const fits = kind === 'projects' ? found === undefined : found === kind && RESOURCE_ID.test(id);
  if (project !== undefined && fits) return { project, id };
  throw new PubsubError('INVALID_ARGUMENT', `Invalid [${kind}] name: (name=${name})`);
}
