import * as z from 'zod';
import { MAX_NAME, MAX_TEXT } from './limits.ts';

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
export function textSchema(): z.ZodString {
  return z.string().min(1).max(MAX_TEXT);
}

/** An e-mail address of a person or service account. */
export function emailSchema(): z.ZodString {
  return z.string().max(MAX_TEXT).regex(EMAIL, 'Is not an e-mail address');
}

/** A Kubernetes user name, exactly as the API server sees it. */
export function userSchema(): z.ZodString {
  return z.string().max(MAX_TEXT).regex(USER, 'Is not a user name');
}

/** A name within the config: of a policy or an authority. */
export function nameSchema(): z.ZodString {
  return z
    .string()
    .max(MAX_NAME)
    .regex(NAME, 'Is not a name of lower-case letters, digits and "-"');
}

/** A Google Cloud project's id or number. */
export function projectSchema(): z.ZodString {
  return z.string().max(MAX_TEXT).regex(PROJECT, 'Is not a project id');
}

/** A Pub/Sub topic by its full name. */
export function topicSchema(): z.ZodString {
  return z.string().regex(TOPIC, 'Is not the full name of a topic');
}

/** A text without spaces, printable ASCII. */
export function wordSchema(): z.ZodString {
  return z.string().max(MAX_TEXT).regex(PRINTABLE, 'Is not one word of printable ASCII');
}
