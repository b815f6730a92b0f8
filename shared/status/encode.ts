import { cleanLine, cleanText } from '#shared/core/foreign-text.ts';
import { parseReference } from '#shared/core/reference.ts';
import { withoutUrlSecrets } from '#shared/core/url-secrets.ts';
import { eventIdOf } from './event-id.ts';
import { ceTypeOf } from './events.ts';
import type { StatusEvent } from './events.ts';
import { severityOf } from './severity.ts';
import { truncateBytes } from './truncate.ts';

/** One Pub/Sub message, as far as a publisher decides it. */
export interface TopicMessage {
  readonly data: Uint8Array;
  readonly attributes: Readonly<Record<string, string>>;
  readonly orderingKey?: string;
}

/** Pub/Sub quotas: the value of an attribute. A longer value is cut; the data always has the whole one. */
export const MAX_ATTRIBUTE_BYTES = 1024;

/** Errors that are told of one RSync; Config Sync itself stops at a hundred. */
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
  const cluster = 'cluster' in data ? data.cluster : undefined;
  const sync = 'sync' in data ? data.sync : undefined;
  const image = 'image' in data ? data.image : undefined;
  const attributes = {
    'ce-specversion': '1.0',
    'ce-id': eventIdOf(event),
    'ce-type': ceTypeOf(type),
    'ce-source': context.source,
    'ce-time': context.now.toISOString(),
    'ce-subject': subjectOf({ cluster, sync, image }),
    'content-type': 'application/json',
    severity: severityOf(event),
    type,
    image: image === undefined ? undefined : repositoryOf(image),
    cluster,
    sync,
    // Where Google's clients look for the trace of a message (facts/google-cloud.md section 10).
    googclient_traceparent: event.traceparent,
  };
  return { data: encodeData(data), attributes: fitAttributes(attributes) };
}

function subjectOf(about: {
  cluster?: string | undefined;
  sync?: string | undefined;
  image?: string | undefined;
}): string {
  const { cluster, sync, image } = about;
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
