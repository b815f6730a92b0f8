import { hash } from 'node:crypto';
import { cleanLine, cleanText, cutText } from '#shared/core/foreign-text.ts';
import { parseReference } from '#shared/core/reference.ts';
import { withoutUrlSecrets } from '#shared/core/url-secrets.ts';
import { canonicalJson } from '#shared/net/json.ts';
import { ceTypeOf, severityOf, type StatusEvent } from './events.ts';

/** One Pub/Sub message, as far as a publisher decides it. */
export interface TopicMessage {
  readonly data: Uint8Array;
  readonly attributes: Readonly<Record<string, string>>;
  readonly orderingKey?: string;
}

/** Pub/Sub quotas: the value of an attribute. A longer value is cut; the data always has the whole one. */
export const MAX_ATTRIBUTE_BYTES = 1024;

/** Errors that are published of one RSync; Config Sync itself stops at a hundred. */
export const MAX_ERRORS = 50;

/** Of one text in the data: with 50 errors a message stays far below Pub/Sub's 10 MB. */
export const MAX_TEXT_BYTES = 4096;

/**
 * The event as a CloudEvent in binary mode of the Pub/Sub binding: attributes `ce-*` and a lower-case `content-type`,
 * JSON as data, and plain attributes that subscription filters can name. `source` is `//countersign.dev/…`.
 */
export function encodeEvent(
  event: StatusEvent,
  context: { source: string; now: Date },
): TopicMessage {
  const { data, type } = event;
  const { cluster, sync, image }: About = data;
  const attributes = {
    'ce-specversion': '1.0',
    'ce-id': eventIdOf(event),
    'ce-type': ceTypeOf(type),
    'ce-source': context.source,
    'ce-time': context.now.toISOString(),
    'ce-subject': subjectOf(data),
    'content-type': 'application/json',
    severity: severityOf(event),
    type,
    image: image === undefined ? undefined : repositoryOf(image),
    cluster,
    sync,
    // Where Google's clients look for the trace of a message (docs/facts/google-cloud.md#logs-and-traces).
    googclient_traceparent: event.traceparent,
  };
  return { data: encodeData(data), attributes: fitAttributes(attributes) };
}

/** What of it a filter can name; each type of event has some. */
interface About extends Pick<StatusEvent['data'], 'message'> {
  readonly cluster?: string | undefined;
  readonly sync?: string | undefined;
  readonly image?: string | undefined;
}

function subjectOf({ cluster, sync, image }: About): string {
  if (cluster === undefined) return image ?? 'fleet';
  return sync === undefined ? cluster : `${cluster}/${sync}`;
}

/** The repository without tag, so that a filter `attributes.image = "…"` holds for every tag. */
function repositoryOf(image: string): string {
  try {
    return parseReference(image).repository;
  } catch {
    return image;
  }
}

function encodeData(data: StatusEvent['data']): Uint8Array {
  const errors = data.errors.slice(0, MAX_ERRORS).map(({ code, message }) => ({
    code,
    message: truncateBytes(message, MAX_TEXT_BYTES),
  }));
  const message = truncateBytes(data.message, MAX_TEXT_BYTES);
  return Buffer.from(JSON.stringify({ ...data, errors, message }, clean));
}

/** Subscribers print what they read: no text of others may rule their terminals, or show a password. */
function clean(_: string, value: unknown): unknown {
  return typeof value === 'string' ? cleanText(withoutUrlSecrets(value)) : value;
}

function fitAttributes(
  attributes: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const fitting: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) fitting[name] = truncateBytes(cleanLine(value), MAX_ATTRIBUTE_BYTES);
  }
  return fitting;
}

/**
 * `ce-id`: the same for a retry, another one for a later episode (docs/design.md, status events). What is hashed
 * distinguishes one episode from the next: the record that the event replaces, or the message, task or sweep that led
 * to it.
 */
export function eventIdOf(event: StatusEvent): string {
  const data: Readonly<Record<string, unknown>> = event.data;
  const { image, digest, cluster, id, hashes, stage, version } = data;
  const { type } = event;
  if ('request' in event) {
    return hash('sha256', canonicalJson({ type, image, request: event.request }));
  }
  const identity = {
    type,
    image,
    digest,
    cluster,
    uid: 'uid' in event ? event.uid : undefined,
    ...episodeOf(event),
    cause: 'cause' in event ? event.cause : undefined,
    id,
    hashes,
    stage,
    version,
  };
  return hash('sha256', canonicalJson(identity));
}

/**
 * What the event begins or ends. An approval, its first time live and the end of a failure have one id each, over
 * whichever record they are published: two looks at once may have different ones (docs/adr/0053).
 */
function episodeOf(event: StatusEvent): Readonly<Record<string, unknown>> {
  const replaced = 'replaced' in event ? event.replaced : undefined;
  const failure = 'uid' in event && 'replaced' in event ? event.replaced?.failure : undefined;
  if (event.type === 'sync.recovered' && failure !== undefined) {
    return { image: undefined, digest: undefined, failure };
  }
  if ('approvedAt' in event) {
    const { type, approvedAt } = event;
    // Live again after a failure is another time. One without a digest is supposed, where a record was lost.
    const isKnown = failure?.phase !== 'Failed' || failure.digest !== undefined;
    return { approvedAt, failure: type === 'sync.synced' && isKnown ? failure : undefined };
  }
  // Without its open failure: that one is marked before the failure is published, and the same transition must not have
  // one id before the mark and another one after it.
  return { replaced: replaced && { ...replaced, failure: undefined } };
}

const ELLIPSIS = '…';

/**
 * The longest beginning of `text` that fits into `maxBytes` of UTF-8, with an ellipsis where something was cut. Never
 * cuts what is one character to people; lone surrogates, which UTF-8 cannot carry, become U+FFFD.
 */
export function truncateBytes(text: string, maxBytes: number): string {
  const whole = text.toWellFormed();
  if (Buffer.byteLength(whole) <= maxBytes) return whole;
  const room = new Uint8Array(maxBytes - Buffer.byteLength(ELLIPSIS));
  const { read } = new TextEncoder().encodeInto(whole, room);
  return `${cutText(whole, read)}${ELLIPSIS}`;
}
