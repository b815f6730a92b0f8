import * as z from 'zod';

/** Both go into a command that people paste: nothing but a name. */
const SERVICE = /[a-z][a-z0-9-]{0,62}\.googleapis\.com/.source;
const PROJECT = /(?:[a-z0-9][a-z0-9.-]{0,100}:)?[a-z0-9][a-z0-9-]{0,62}/.source;

/** google.rpc.ErrorInfo (AIP-193), whose reason is the same for every API. */
const infoSchema = z.lazy(() =>
  z.object({
    reason: z.literal('SERVICE_DISABLED'),
    metadata: z.object({
      service: z.string().regex(new RegExp(`^${SERVICE}$`)),
      consumer: z.string().regex(new RegExp(`^projects/${PROJECT}$`)),
    }),
  }),
);

/** An error of Google's: as JSON has it, or as its clients throw it, which have an ErrorInfo in fields of their own. */
const errorSchema = z.lazy(() =>
  z.object({
    details: z.array(z.unknown()).catch([]),
    errors: z.array(z.object({ reason: z.string().optional() })).catch([]),
    reason: z.string().optional().catch(undefined),
    errorInfoMetadata: z.unknown().optional(),
    message: z.string().catch(''),
  }),
);

/** What older front ends and registries write in place of an ErrorInfo. */
const WORDS = /\bhas not been used in project\b.*\bor it is disabled\b|\bAccess Not Configured\b/is;
const CONSOLE = new RegExp(
  `/apis/(?:api|library)/(?<service>${SERVICE})(?:/[a-z]+)?\\?project=(?<project>${PROJECT})\\b`,
);

/**
 * What to do about a refusal that says that an API is disabled, which Google answers with 403 as it does for a missing
 * role: the command that enables it. `error` is the `error` of an answer, or what one of Google's clients throws.
 * Undefined: the refusal is about something else.
 *
 * @example disabledApiFix(answer.error) // 'enable the API: gcloud services enable gkehub.googleapis.com --project=42'
 */
export function disabledApiFix(error: unknown): string | undefined {
  const { data } = errorSchema.safeParse(error);
  if (data === undefined) return undefined;
  const { details, errors, reason, errorInfoMetadata: metadata, message } = data;
  for (const detail of [...details, { reason, metadata }]) {
    const info = infoSchema.safeParse(detail).data?.metadata;
    if (info !== undefined)
      return commandFor(info.service, info.consumer.slice('projects/'.length));
  }
  const { service, project } = CONSOLE.exec(message)?.groups ?? {};
  const isDisabled =
    WORDS.test(message) ||
    [reason, ...errors.map((one) => one.reason)].some((one) => REASONS.has(one ?? ''));
  if (!isDisabled) return undefined;
  if (service === undefined || project === undefined) return 'enable the API that it names';
  return commandFor(service, project);
}

/** Of an ErrorInfo, and of the errors before there was one. */
const REASONS: ReadonlySet<string> = new Set(['SERVICE_DISABLED', 'accessNotConfigured']);

function commandFor(service: string, project: string): string {
  return `enable the API: gcloud services enable ${service} --project=${project}`;
}
