import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import type { Message } from '#shared/http/envelope.ts';
import { readJson } from '#shared/http/read-json.ts';
import { SEVERITIES, type Severity } from '#shared/status/severity.ts';

/** A status event, as far as an alert tells of it. Sender: whoever may publish on the status topic. */
export interface Told {
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
export function readEvent({ attributes, data }: Message): Told {
  const { data: told, error } = Attributes.safeParse(attributes);
  if (error !== undefined) {
    const name = error.issues[0]?.path.join('.') ?? '';
    throw new CountersignError('bad-request', `attributes.${name}: is not that of a status event`);
  }
  return {
    ...readJson(Data, data),
    id: told['ce-id'],
    type: told.type,
    severity: told.severity,
    at: Date.parse(told['ce-time']),
  };
}
