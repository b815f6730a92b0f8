import * as z from 'zod';
import { type Check, ALWAYS, fieldOf, finding } from './check.ts';
import { MAX_PEOPLE, MAX_SECRETS } from './limits.ts';
import { emailSchema, wordSchema } from './scalars.ts';

// Identity-Aware Proxy signs `aud` as a resource path, with project number.
const IAP_AUDIENCE = /^\/projects\/[0-9]+\/[A-Za-z0-9._/-]+$/;

const SHA256 = /^[0-9a-f]{64}$/;

const audience = wordSchema.meta({
  description: 'Audience that a token must be made for, compared exactly',
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
    description: 'E-mail addresses of those who may call',
    examples: [['push@p.iam.gserviceaccount.com']],
  });
const viewers = addressesOf('a viewer')
  .default([])
  .meta({
    description: 'E-mail addresses of those who may look',
    examples: [['dev@acme.example']],
  });
const invokers = addressesOf('an invoker')
  .default([])
  .meta({
    description: 'E-mail addresses of those who may look, start resyncs, and decide on roll-outs',
    examples: [['ops@acme.example']],
  });
const approvers = addressesOf('an approver')
  .default([])
  .meta({
    description: 'E-mail addresses of those who may look and approve stages of roll-outs',
    examples: [['lead@acme.example']],
  });
const overriders = addressesOf('an overrider')
  .default([])
  .meta({
    description:
      'E-mail addresses of those who may do what invokers may and, in an emergency, open stages before their time, or roll back to another digest than was completed last',
    examples: [['oncall@acme.example']],
  });
const roles = { viewers, invokers, approvers, overriders };

const none = z
  .strictObject({ mode: z.literal('none').describe('Anyone: legal only on a loopback address') })
  .describe('Anyone; the function refuses to start unless it listens on loopback');
const verify = z.literal('verify').describe('The ID token is verified by Countersign');
const iap = z.literal('iap').describe('The assertion of Identity-Aware Proxy is verified');
const iam = z.literal('iam').describe('Cloud Run has checked the token and stripped its signature');

const byVerify = z
  .strictObject({ mode: verify, audience, emails })
  .describe('Callers with an ID token');
const byIap = z
  .strictObject({ mode: iap, audience: iapAudience, emails })
  .describe('Callers through IAP');
const byIam = z
  .strictObject({ mode: iam, audience, emails })
  .describe('Callers that Cloud Run let in');

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
          'SHA-256 of the secret, in hex: printf %s "$SECRET" | sha256sum; more than one while it is replaced',
        examples: [['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08']],
      }),
  })
  .describe('API servers that can show nothing but the URL they were given');
const openReviewers = z
  .strictObject({
    mode: z.literal('none').describe('Anyone: legal on a loopback address, and behind TLS of ours'),
  })
  .describe('Anyone; refused unless admission listens on loopback or serves HTTPS itself');
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
  .describe('How callers are known: one entry per function');

function* anyPerson(value: unknown): ReturnType<Check> {
  const lists = Object.keys(roles).map((role) => fieldOf(value, role));
  if (lists.some((list) => !Array.isArray(list) || list.length > 0)) return;
  const fix = 'Add at least one e-mail address to viewers or invokers';
  yield { path: [], kind: 'missing', problem: 'Admits no caller', fix };
}
