import { defined } from '#shared/core/defined.ts';
import { cutText } from '#shared/core/foreign-text.ts';
import { parseJson } from '#shared/net/json.ts';
import { parseNotification } from '#shared/registry/notifications/artifact-registry.ts';
import type { DeadLetter } from '#shared/status/dead-letter.ts';
import type { Settled } from './settle-letter.ts';

/** One letter, and what was done with it. */
export interface LetterReport extends Settled {
  readonly letter: DeadLetter;
  readonly topic: string | undefined;
}

const MAX_WHAT = 100;

/** For programs: everything, the data in base64. */
export function letterToJson({ letter, topic, fate, problem }: LetterReport): object {
  const { original, ...facts } = letter;
  return defined({
    ...facts,
    topic,
    what: describeOriginal(original),
    fate,
    problem,
    attributes: original.attributes,
    data: Buffer.from(original.data).toString('base64'),
  });
}

/** What the message is about, in a few words: an event, a task, a notification, or how it begins. */
export function describeOriginal({ data, attributes }: DeadLetter['original']): string {
  if (attributes['ce-id'] !== undefined) return `event ${attributes['type'] ?? 'of no type'}`;
  const task = parseJson(data);
  if (typeof task === 'object' && task !== null && 'cluster' in task) {
    const reason = 'reason' in task ? ` (${String(task.reason)})` : '';
    return `task for cluster ${String(task.cluster)}${reason}`;
  }
  try {
    const { action, repository, tag, digest } = parseNotification(data);
    return `${action} ${repository}${tag === undefined ? `@${digest ?? ''}` : `:${tag}`}`;
  } catch {
    const text = Buffer.from(data).toString('utf8');
    if (text === '') return 'no data';
    return text.length <= MAX_WHAT ? text : `${cutText(text, MAX_WHAT)}…`;
  }
}
