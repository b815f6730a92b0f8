import * as z from 'zod';
import { toFailure } from '#shared/core/errors.ts';
import { finding, parsed } from './check.ts';
import { noTilde } from './no-tilde.ts';
import type { Fault } from './problem.ts';
import { parseSelector } from '#shared/core/label-selector.ts';
import { MAX_DURATION_MS, MAX_NAME, MAX_SELECTOR, MAX_TEXT } from './limits.ts';

// One address each, without wildcards or display names: compared exactly with the token's claim.
const EMAIL =
  /^[A-Za-z0-9.!#$%&'+/=?^_{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+$/;
// Rendered as a literal into the gate's policy: nothing there may end a quoted text.
const USER = /^[A-Za-z0-9@._:/#=+[\]-]+$/;
const NAME = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const PROJECT = /^(?:[a-z0-9.-]+:)?[a-z][-a-z0-9]*$|^[0-9]+$/;
// Pub/Sub, "Guidelines to name a topic": 3 to 255 characters, not beginning with "goog".
const TOPIC =
  /^projects\/(?:[a-z0-9.-]+:)?[a-z0-9][-a-z0-9]*\/topics\/(?!goog)[A-Za-z][-A-Za-z0-9._~%+]{2,254}$/;
const PRINTABLE = /^[\u0021-\u007e]+$/;

/** A text with something in it, and a limit. */
export const textSchema = z.string().min(1).max(MAX_TEXT);

/** The path of a file. Only a shell makes anything of `~`. */
export const pathSchema = textSchema.superRefine(finding(noTilde));

/** An e-mail address of a person or service account. */
export const emailSchema = textLike(EMAIL, 'Is not an e-mail address');

/** A Kubernetes user name, exactly as the API server sees it. */
export const userSchema = textLike(USER, 'Is not a user name');

/** A name within the config: of a policy or an authority. */
export const nameSchema = z
  .string()
  .max(MAX_NAME)
  .regex(NAME, 'Is not a name of lower-case letters, digits and "-"');

/** A Google Cloud project's id or number. */
export const projectSchema = textLike(PROJECT, 'Is not a project id');

/** A Pub/Sub topic by its full name. */
export const topicSchema = z.string().regex(TOPIC, 'Is not the full name of a topic');

/** A text without spaces, printable ASCII. */
export const wordSchema = textLike(PRINTABLE, 'Is not one word of printable ASCII');

/** A text of limited length that `pattern` matches; `problem` says what it is not. */
export function textLike(pattern: RegExp, problem: string): z.ZodString {
  return z.string().max(MAX_TEXT).regex(pattern, problem);
}

const PERCENT = /^(?:100(?:\.0{1,9})?|[0-9]{1,2}(?:\.[0-9]{1,9})?)%$/;

/** `0%` to `100%`, as a fraction between 0 and 1. */
export const percentSchema = z
  .string()
  .regex(PERCENT, 'Is not a percentage')
  .meta({ examples: ['5%'] })
  .transform((text) => Number(text.slice(0, -1)) / 100);

// docs/facts/google-cloud.md#cloud-kms. Parts go into a URL: nothing but plain name characters, and the version is
// required, for "the newest enabled" would let an owner of the key ring change what is trusted.
const KMS_KEY =
  /^gcpkms:\/\/projects\/[a-z0-9][a-z0-9.:-]*\/locations\/[a-z0-9-]+\/keyRings\/[A-Za-z0-9_-]{1,63}\/cryptoKeys\/[A-Za-z0-9_-]{1,63}\/(?:cryptoKeyVersions|versions)\/[1-9][0-9]*$/;

/** The URI of one version of a Cloud KMS key; the short form `/versions/N` becomes `/cryptoKeyVersions/N`. */
export const kmsUriSchema = z
  .string()
  .regex(KMS_KEY, 'Is not the URI of a key version')
  .meta({
    examples: ['gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1'],
  })
  .transform((text) => text.replace(/\/versions\/([0-9]+)$/, '/cryptoKeyVersions/$1'));

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
const DURATION = /^(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ms|[hms]))+$/;
const PART = /([0-9.]+)(ms|[hms])/g;

/** A duration as Go writes it (`15m`, `1h30m`, `1.5s`), of at least `minMs` and at most `maxMs`, as whole milliseconds. */
export function durationSchema(
  minMs: number,
  maxMs = MAX_DURATION_MS,
): z.ZodPipe<z.ZodString, z.ZodTransform<number, string>> {
  return z
    .string()
    .regex(DURATION, 'Is not a duration')
    .meta({ examples: ['15m', '1h30m'] })
    .transform(
      parsed((text): number | Fault => {
        const parts = [...text.matchAll(PART)];
        const duration = Math.round(
          parts.reduce((sum, [, n, unit = '']) => sum + Number(n) * (UNIT_MS[unit] ?? 0), 0),
        );
        const fix = `Write at least ${minMs}ms and at most ${maxMs / 3_600_000}h`;
        if (duration >= minMs && duration <= maxMs) return duration;
        return { problem: 'Is out of range', fix };
      }),
    );
}

/** A label selector that says something: an empty one would select everything, which is what leaving it out says. */
export function selectorSchema(
  example: string,
): z.ZodPipe<z.ZodString, z.ZodTransform<string, string>> {
  const fix = 'Write a Kubernetes label selector such as "env in (staging, prod)"';
  return z
    .string()
    .max(MAX_SELECTOR)
    .meta({ examples: [example] })
    .transform(
      parsed((text): string | Fault => {
        if (text.trim() === '') {
          return { problem: 'Is an empty selector', fix: `${fix}, or leave it out` };
        }
        try {
          parseSelector(text);
          return text;
        } catch (error) {
          return { problem: toFailure(error).message, fix };
        }
      }),
    );
}
