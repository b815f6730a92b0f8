import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import type { Message } from '#shared/http/envelope.ts';
import { readJson } from '#shared/http/read-json.ts';
import { SEVERITIES, type Severity } from '#shared/status/events.ts';

/** A status event, as far as an alert repeats it. Its sender is anyone that may publish on the status topic. */
export interface AlertEvent {
  /** The same for a repetition (`ce-id`). */
  readonly id: string;
  /** `sync.failed`. */
  readonly type: string;
  readonly severity: Severity;
  /** When it was published, in milliseconds. */
  readonly at: number;
  readonly image?: string | undefined;
  readonly digest?: string | undefined;
  readonly cluster?: string | undefined;
  readonly sync?: string | undefined;
  readonly since: string;
  readonly message: string;
  readonly errors: readonly { readonly code: string; readonly message: string }[];
}

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

/** Reads one message of the status topic. Throws `bad-request`. */
export function readEvent({ attributes, data }: Message): AlertEvent {
  const { data: event, error } = Attributes.safeParse(attributes);
  if (error !== undefined) {
    const name = error.issues[0]?.path.join('.') ?? '';
    throw new CountersignError('bad-request', `attributes.${name}: is not that of a status event`);
  }
  return {
    ...readJson(Data, data),
    id: event['ce-id'],
    type: event.type,
    severity: event.severity,
    at: Date.parse(event['ce-time']),
  };
}

/** What an event means for alerts. */
export type Meaning =
  /** `member` is wrong since then; failures of one `group` are one alert. */
  | { readonly kind: 'failure'; readonly member: string; readonly group: string }
  /** `member` is right again; `always`: worth an alert even when its failure is forgotten. */
  | {
      readonly kind: 'recovery';
      readonly member: string;
      readonly group: string;
      readonly always: boolean;
    }
  /** Worth knowing, and never over. */
  | { readonly kind: 'notice'; readonly member: string; readonly group: string }
  | { readonly kind: 'nothing' };

/** What ends which failures. Types of one family are about the same members. */
const FAMILIES = [
  { failures: ['cluster.unreachable'], recoveries: ['cluster.recovered'] },
  {
    failures: ['sync.failed', 'sync.blocked', 'sync.stalled', 'sync.unguarded', 'sync.refused'],
    recoveries: ['sync.recovered'],
  },
  {
    failures: ['image.unsigned', 'image.untrusted', 'image.unusable', 'image.unchecked'],
    recoveries: ['image.verified'],
  },
  { failures: ['rollout.degraded'], recoveries: ['rollout.completed'] },
  { failures: ['sweep.braked'], recoveries: ['sweep.recovered'] },
  { failures: ['withdrawal.unchecked'], recoveries: ['withdrawal.recovered'] },
] as const;

/** Sorts an event; failures and notices below `least` are nothing. */
export function classify(event: AlertEvent, least: Severity): Meaning {
  const { type } = event;
  const [family = ''] = type.split('.');
  const member = `${family} ${subjectOf(event)}`;
  const isOf = (types: readonly string[]): boolean => types.includes(type);
  if (FAMILIES.some(({ recoveries }) => isOf(recoveries))) {
    // An image that verifies and a roll-out that completes are mostly no recovery at all.
    return {
      kind: 'recovery',
      member,
      group: `recovered ${family}`,
      always: type.endsWith('.recovered'),
    };
  }
  if (rank(event.severity) < rank(least)) return { kind: 'nothing' };
  // Many clusters fail over one digest, whether Config Sync calls it failed or blocked.
  const about = event.digest ?? event.image ?? '';
  if (FAMILIES.some(({ failures }) => isOf(failures))) {
    return { kind: 'failure', member, group: family === 'cluster' ? family : `${family} ${about}` };
  }
  return { kind: 'notice', member, group: `${type} ${about}` };
}

function subjectOf({ cluster, sync, image }: AlertEvent): string {
  if (cluster === undefined) return image ?? 'fleet';
  return sync === undefined ? cluster : `${cluster}/${sync}`;
}

function rank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}
