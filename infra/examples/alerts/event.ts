import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import type { Message } from '#shared/http/envelope.ts';
import { readJson } from '#shared/http/read-json.ts';
import { SEVERITIES, type Severity } from '#shared/status/events.ts';

const Attributes = z.object({
  'ce-id': z.string().min(1),
  'ce-time': z.iso.datetime(),
  type: z.string().min(1),
  severity: z.enum(SEVERITIES),
});

/** Of the data only what is shown; the JSON Schemas in shared/status/schemas have the whole. */
const Data = z.object({
  image: z.string().optional(),
  digest: z.string().optional(),
  cluster: z.string().optional(),
  sync: z.string().optional(),
  since: z.string(),
  message: z.string(),
  errors: z.array(z.object({ code: z.string(), message: z.string() })),
});

/** A status event, as far as an alert repeats it. Its sender is anyone that may publish on the status topic. */
export interface AlertEvent extends z.infer<typeof Data> {
  /** The same for a repetition (`ce-id`). */
  readonly id: string;
  /** `sync.failed`. */
  readonly type: string;
  readonly severity: Severity;
  /** When it was published, in milliseconds. */
  readonly at: number;
}

/** Reads one message of the status topic. Throws `bad-request`. */
export function readEvent({ attributes, data }: Message): AlertEvent {
  const { data: event, error } = Attributes.safeParse(attributes);
  if (error !== undefined) {
    const name = error.issues[0]?.path.join('.') ?? '';
    throw new CountersignError('bad-request', `attributes.${name}: is not that of a status event`);
  }
  const { 'ce-id': id, 'ce-time': time, type, severity } = event;
  return { ...readJson(Data, data), id, type, severity, at: Date.parse(time) };
}

/** By the first part of their types; types of one family are about the same members. */
const FAMILIES: ReadonlyMap<string, Family> = new Map([
  [
    'cluster',
    family('cluster', 'recovered', { unreachable: 'unreachable', recovered: 'reachable again' }),
  ],
  [
    'sync',
    family('RSync', 'recovered', {
      failed: 'failed to sync',
      blocked: 'blocked',
      stalled: 'stalled',
      unguarded: 'unguarded',
      refused: 'refused',
      recovered: 'recovered',
    }),
  ],
  [
    'image',
    family('image', 'verified', {
      unsigned: 'still unsigned',
      untrusted: 'untrusted',
      unusable: 'unusable',
      unchecked: 'not to be checked',
    }),
  ],
  ['rollout', family('roll-out', 'completed', { degraded: 'degraded' })],
  ['sweep', family('sweep', 'recovered', { braked: 'braked' })],
  ['withdrawal', family('event', 'recovered', { unchecked: 'cannot be judged' })],
]);

interface Family {
  readonly noun: string;
  /** The kind of event that ends the failures. */
  readonly recovery: string;
  /** What a title calls each kind that is a failure, and a recovery whose failure is forgotten. */
  readonly words: ReadonlyMap<string, string>;
}

function family(noun: string, recovery: string, words: Readonly<Record<string, string>>): Family {
  return { noun, recovery, words: new Map(Object.entries(words)) };
}

/** The family of a type, and what the type says of it. */
function readType(type: string): { name: string; kind: string; family: Family | undefined } {
  const [name = ''] = type.split('.', 1);
  return { name, kind: type.slice(name.length + 1), family: FAMILIES.get(name) };
}

/** What an event means for alerts. */
export interface Meaning {
  /** `failure`: its member is wrong since then. `recovery`: right again. `notice`: worth knowing, and never over. */
  readonly kind: 'failure' | 'recovery' | 'notice';
  readonly member: string;
  /** Failures of one group are one alert. */
  readonly group: string;
}

/** Sorts an event; failures and notices below `least` mean nothing. */
export function classify(event: AlertEvent, least: Severity): Meaning | undefined {
  const { type, severity, digest, image = '' } = event;
  const { name, kind, family: known } = readType(type);
  const member = `${name} ${subjectOf(event)}`;
  if (kind === known?.recovery) return { kind: 'recovery', member, group: `recovered ${name}` };
  if (SEVERITIES.indexOf(severity) < SEVERITIES.indexOf(least)) return undefined;
  // Many clusters fail over one digest, whether Config Sync calls it failed or blocked.
  const about = digest ?? image;
  if (known?.words.has(kind) !== true) return { kind: 'notice', member, group: `${type} ${about}` };
  return { kind: 'failure', member, group: name === 'cluster' ? name : `${name} ${about}` };
}

/** `3 clusters unreachable`. */
export function countOf(events: number, type: string): string {
  const { kind, family: known } = readType(type);
  const noun = `${known?.noun ?? 'event'}${events === 1 ? '' : 's'}`;
  return `${events} ${noun} ${known?.words.get(kind) ?? type}`;
}

/** Which cluster, RSync or image it is about. */
export function subjectOf({ cluster, sync, image }: AlertEvent): string {
  if (cluster === undefined) return image ?? 'fleet';
  return sync === undefined ? cluster : `${cluster}/${sync}`;
}
