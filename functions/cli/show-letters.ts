import { defined } from '#shared/core/defined.ts';
import { cleanLine, cutText } from '#shared/core/foreign-text.ts';
import { parseJson } from '#shared/net/json.ts';
import { parseNotification } from '#shared/registry/notifications/artifact-registry.ts';
import { parsePubsubName } from '#shared/status/pubsub-names.ts';
import type { DeadLetter } from '#shared/status/dead-letter.ts';
import type { Fate } from './settle-letters.ts';

export interface LetterReport {
  readonly letter: DeadLetter;
  readonly topic: string | undefined;
  readonly fate: Fate;
  readonly problem?: string;
}

const MAX_WHAT = 100;

/** For people: three lines a letter. */
export function formatLetters(reports: readonly LetterReport[]): string {
  return reports.map(formatLetter).join('');
}

function formatLetter({ letter, topic, fate, problem }: LetterReport): string {
  const from = topic === undefined ? 'unknown' : (parsePubsubName(topic)?.id ?? topic);
  const lines = [
    `${letter.id}  ${letter.at}  ${letter.code}${fate === 'listed' ? '' : `  ${fate}`}`,
    `  ${describeData(letter.original.data)}, from ${from}`,
    `  ${letter.reason}`,
    ...(problem === undefined ? [] : [`  ${problem}`]),
  ];
  return lines.map((line) => `${cleanLine(line)}\n`).join('');
}

/** For programs: everything, the data in base64. */
export function letterToJson({ letter, topic, fate, problem }: LetterReport): object {
  const { original, ...facts } = letter;
  return defined({
    ...facts,
    topic,
    what: describeData(original.data),
    fate,
    problem,
    attributes: original.attributes,
    data: Buffer.from(original.data).toString('base64'),
  });
}

/** What the message is about, in a few words: a task, a notification, or how it begins. */
function describeData(data: Uint8Array): string {
  const text = Buffer.from(data).toString('utf8');
  return describeTask(text) ?? describeNotification(data) ?? describeText(text);
}

function describeTask(text: string): string | undefined {
  const task = parseJson(text);
  if (typeof task !== 'object' || task === null || !('cluster' in task)) return undefined;
  const reason = 'reason' in task ? ` (${String(task.reason)})` : '';
  return `task for cluster ${String(task.cluster)}${reason}`;
}

function describeNotification(data: Uint8Array): string | undefined {
  try {
    const { action, repository, tag, digest } = parseNotification(data);
    const place = tag === undefined ? `@${digest ?? ''}` : `:${tag}`;
    return `${action} ${repository}${place}`;
  } catch {
    return undefined;
  }
}

function describeText(text: string): string {
  if (text === '') return 'no data';
  return text.length <= MAX_WHAT ? text : `${cutText(text, MAX_WHAT)}…`;
}
