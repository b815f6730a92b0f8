import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { parseReference, type Reference } from '#shared/core/reference.ts';
import { parseJson } from '#shared/net/json.ts';
import { type RegistryEvent, kindOf } from './notification.ts';

/** Two references and a little; Pub/Sub would carry 10 MB. */
const MAX_NOTIFICATION = 8 * 1024;

// Both keys are documented as "either" (docs/facts/google-cloud.md#notifications-of-artifact-registry); keys that
// Google may add are ignored.
const notificationSchema = z.object({
  action: z.enum(['INSERT', 'DELETE']),
  digest: z.string().optional(),
  tag: z.string().optional(),
});

/** Reads the data of a message that Artifact Registry published. Throws `bad-request`, which no retry helps. */
export function parseNotification(data: Uint8Array): RegistryEvent {
  if (data.length > MAX_NOTIFICATION) throw invalid(`is larger than ${MAX_NOTIFICATION} bytes`);
  const { action, digest, tag } = parse(data);
  const byDigest = digest === undefined ? undefined : refer('digest', digest);
  const byTag = tag === undefined ? undefined : refer('tag', tag);
  const repository = byTag?.repository ?? byDigest?.repository;
  if (repository === undefined) throw invalid('has neither "digest" nor "tag"');
  if (byDigest !== undefined && byDigest.repository !== repository) {
    throw invalid('has "digest" and "tag" of two repositories');
  }
  return {
    action,
    repository,
    ...defined({ tag: byTag?.tag, digest: byDigest?.digest }),
    ...kindOf(byTag?.tag),
  };
}

function parse(data: Uint8Array): z.infer<typeof notificationSchema> {
  const value = parseJson(data);
  if (value === undefined) throw invalid('is not JSON');
  const { success, data: notification, error } = notificationSchema.safeParse(value);
  if (success) return notification;
  const [issue] = error.issues;
  throw invalid(`has a bad field "${issue?.path.join('.') ?? ''}": ${issue?.message ?? ''}`);
}

/** Full references, `HOST/PATH@sha256:…` and `HOST/PATH:TAG`: each exactly of its own form. */
function refer(key: 'digest' | 'tag', text: string): Reference {
  try {
    const { digest, tag, ...reference } = parseReference(text);
    if (key === 'digest' && digest !== undefined && tag === undefined)
      return { ...reference, digest };
    if (key === 'tag' && digest === undefined && text.endsWith(`:${tag}`)) {
      return { ...reference, ...defined({ tag }) };
    }
  } catch (cause) {
    throw invalid(`has a "${key}" that is not an image reference`, cause);
  }
  throw invalid(`has a "${key}" that does not end in a ${key}`);
}

function invalid(problem: string, cause?: unknown): CountersignError {
  return new CountersignError('bad-request', `Notification ${problem}`, { cause });
}
