import * as z from 'zod';
import { type Check, ALWAYS, fieldOf, finding } from './check.ts';
import { MAX_PEOPLE, MAX_SECRETS } from './limits.ts';
import { emailSchema, wordSchema } from './scalars.ts';

// Identity-Aware Proxy signs `aud` as a resource path, with project number.
const IAP_AUDIENCE = /^\/projects\/[0-9]+\/[A-Za-z0-9._/-]+$/;

const SHA256 = /^[0-9a-f]{64}$/;

const audience = wordSchema.meta({
  description: 'Audience that a token must have, compared exactly',
  examples: ['https://countersign.example'],
});
const iapAudience = z
  .string()
  .regex(IAP_AUDIENCE, 'Is not the audience of an IAP assertion')
  .meta({
    description: 'Audience of the IAP assertion, compared exactly',
    examples: ['/projects/123/locations/us-central1/services/countersign-api'],
  });
function addressesOf(who: string): z.ZodArray<z.ZodString> {
  return z.array(emailSchema.describe(`E-mail address of ${who}`)).max(MAX_PEOPLE);
}

const emails = addressesOf('a caller')
  .min(1)
  .meta({
    description: 'E-mail addresses of the callers',
    examples: [['push@p.iam.gserviceaccount.com']],
  });
const viewers = addressesOf('a viewer')
  .default([])
  .meta({
    description: 'E-mail addresses of people who may read',
    examples: [['dev@acme.example']],
  });
const invokers = addressesOf('an invoker')
  .default([])
  .meta({
    description:
      'E-mail addresses of people who may also resync, freeze, hold, and decide on roll-outs',
    examples: [['ops@acme.example']],
  });
const approvers = addressesOf('an approver')
  .default([])
  .meta({
    description: 'E-mail addresses of people who may read, and approve stages of roll-outs',
    examples: [['lead@acme.example']],
  });
const overriders = addressesOf('an overrider')
  .default([])
  .meta({
    description:
      'E-mail addresses of people who may do what invokers may, open stages early, and roll back to any verified digest',
    examples: [['oncall@acme.example']],
  });
const roles = { viewers, invokers, approvers, overriders };

const none = z
  .strictObject({ mode: z.literal('none').describe('Any caller; on a loopback address only') })
  .describe('Any caller; the function refuses to start unless it listens on loopback');
const verify = z.literal('verify').describe('Countersign verifies the ID token');
const iap = z.literal('iap').describe('Countersign verifies the assertion of Identity-Aware Proxy');
const iam = z.literal('iam').describe('Cloud Run has checked the token');

const byVerify = z
  .strictObject({ mode: verify, audience, emails })
  .describe('Callers with an ID token');
const byIap = z
  .strictObject({ mode: iap, audience: iapAudience, emails })
  .describe('Callers through IAP');
const byIam = z
  .strictObject({ mode: iam, audience, emails })
  .describe('Callers that Cloud Run admitted');

const callers = z.discriminatedUnion('mode', [byIam, byVerify, byIap, none]);
const byPath = z
  .strictObject({
    mode: z.literal('path').describe("The last segment of the webhook's URL is a secret"),
    sha256: z
      .array(z.string().regex(SHA256, 'Is not a SHA-256 in 64 lower-case hex digits'))
      .min(1)
      .max(MAX_SECRETS)
      .meta({
        description:
          'SHA-256 of the secret in hex (printf %s "$SECRET" | sha256sum); two while it is replaced',
        examples: [['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08']],
      }),
  })
  .describe('API servers that have no credential but their URL');
const openReviewers = z
  .strictObject({
    mode: z
      .literal('none')
      .describe('Any caller; on a loopback address, or if admission serves HTTPS itself'),
  })
  .describe('Any caller; refused unless admission listens on loopback or serves HTTPS itself');
const reviewers = z.discriminatedUnion('mode', [byIam, byVerify, byIap, byPath, openReviewers]);
const people = z.discriminatedUnion('mode', [
  z
    .strictObject({ mode: verify, audience, ...roles })
    .superRefine(finding(anyPerson), ALWAYS)
    .describe('People with an ID token'),
  z
    .strictObject({ mode: iap, audience: iapAudience, ...roles })
    .superRefine(finding(anyPerson), ALWAYS)
    .describe('People through IAP'),
  none,
]);

/** How callers of each function are known; a function without an entry refuses to start. */
export const accessSchema = z
  .strictObject({
    push: callers
      .exactOptional()
      .describe('Who may call push: the subscription of the registry topic'),
    cluster: callers
      .exactOptional()
      .describe('Who may call cluster: the subscriptions of the task topics'),
    sweep: callers.exactOptional().describe('Who may call sweep: the scheduler'),
    history: callers
      .exactOptional()
      .describe('Who may call history: the subscription of the status topic'),
    api: people.exactOptional().describe('Who may call the API'),
    admission: reviewers.exactOptional().describe('Who may ask for admission reviews'),
  })
  .prefault({})
  .describe('Who may call each function; a function without an entry does not start');

function* anyPerson(value: unknown): ReturnType<Check> {
  const lists = Object.keys(roles).map((role) => fieldOf(value, role));
  if (lists.some((list) => !Array.isArray(list) || list.length > 0)) return;
  const fix = 'Add at least one e-mail address to viewers or invokers';
  yield { path: [], kind: 'missing', problem: 'Admits no caller', fix };
}
