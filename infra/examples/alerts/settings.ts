import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { readVariables, type Variables } from '#shared/net/environment.ts';
import type { Access } from '#shared/http/access.ts';
import { SEVERITIES, type Severity } from '#shared/status/events.ts';

/** What the example reads from its environment, beside what every function of Countersign does. */
export interface AlertSettings {
  readonly sink: {
    readonly kind: 'slack' | 'webhook';
    readonly url: string;
    readonly token?: string;
  };
  /** Failures below it lead to no alert. */
  readonly severity: Severity;
  /** How long the first failure waits for others like it. */
  readonly groupMs: number;
  /** Where docs/runbook.md can be read. */
  readonly runbook: string;
  readonly access: Access;
}

/** A webhook's URL is a secret, and so is what is sent there: https, or this machine. */
const WebhookUrl = z
  .string()
  .regex(
    /^https:\/\/[^\s@]+$|^http:\/\/127\.0\.0\.1(?::[0-9]{1,5})?(?:\/[^\s@]*)?$/,
    'must be an https URL',
  )
  .optional();

const Environment = z.object({
  ALERTS_SLACK_WEBHOOK: WebhookUrl,
  ALERTS_WEBHOOK: WebhookUrl,
  ALERTS_WEBHOOK_TOKEN: z.string().optional(),
  ALERTS_SEVERITY: z.enum(SEVERITIES, `must be one of ${SEVERITIES.join(', ')}`).default('ERROR'),
  ALERTS_GROUP_SECONDS: z
    .string()
    .regex(/^(?:[0-9]|[1-9][0-9]|1[01][0-9]|120)$/, 'must be a number from 0 to 120')
    .default('10'),
  ALERTS_RUNBOOK: z
    .string()
    .regex(/^https:\/\/[^\s#]+$/, 'must be an https URL without #')
    .default('docs/runbook.md'),
  ALERTS_AUDIENCE: z.string().optional(),
  ALERTS_CALLER: z.email('must be the e-mail of the service account that pushes').optional(),
  K_SERVICE: z.string().optional(),
});

/** Reads the settings; an empty variable counts as unset. Throws `bad-config` naming the variable and the fix. */
export function readAlertSettings(variables: Variables): AlertSettings {
  const env = readVariables(Environment, variables);
  const { ALERTS_SEVERITY: severity, ALERTS_GROUP_SECONDS: seconds } = env;
  return {
    sink: readSink(env),
    severity,
    groupMs: Number(seconds) * 1000,
    runbook: env.ALERTS_RUNBOOK,
    access: readAccess(env),
  };
}

function readSink(env: z.infer<typeof Environment>): AlertSettings['sink'] {
  const { ALERTS_SLACK_WEBHOOK: slack, ALERTS_WEBHOOK: webhook, ALERTS_WEBHOOK_TOKEN: token } = env;
  if (slack !== undefined && webhook === undefined) return { kind: 'slack', url: slack };
  if (webhook !== undefined && slack === undefined) {
    return { kind: 'webhook', url: webhook, ...defined({ token }) };
  }
  // With both, one that refuses would have the other sent to again and again.
  const message =
    'Set exactly one of ALERTS_SLACK_WEBHOOK and ALERTS_WEBHOOK: deploy twice for both';
  throw new CountersignError('bad-config', message);
}

function readAccess(env: z.infer<typeof Environment>): Access {
  const { ALERTS_AUDIENCE: audience, ALERTS_CALLER: caller, K_SERVICE: onCloudRun } = env;
  if (audience !== undefined && caller !== undefined) {
    return { mode: 'iam', audience, emails: [caller] };
  }
  if (onCloudRun === undefined) return { mode: 'none' };
  const message =
    'Set ALERTS_AUDIENCE and ALERTS_CALLER as in the push subscription: anyone could raise alarms';
  throw new CountersignError('bad-config', message);
}
