import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import {
  DEFAULT_PAGE,
  MAX_CURSOR,
  MAX_IMAGE,
  MAX_KEY,
  MAX_NAME,
  MAX_PAGE,
  MAX_REASON,
} from './limits.ts';

// What callers write: checked for length here, and for meaning where it is looked up.
export const ClusterName = z.string().min(1).max(MAX_NAME).meta({
  description: 'Full membership name, its id where that is unique, or kubeconfig context',
  example: 'cluster-1',
});
// Of `shared/core/sync-ref.ts`: what matches is parsed there without a throw.
const OBJECT = '[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?';
export const SyncName = z
  .string()
  .max(MAX_NAME)
  .regex(
    new RegExp(`^(?:RootSync|RepoSync/${OBJECT})/${OBJECT}$`),
    'must be RootSync/<name> or RepoSync/<namespace>/<name>',
  )
  .meta({
    description: 'RootSync/<name> or RepoSync/<namespace>/<name>',
    example: 'RootSync/root-sync',
  });
export const ImageName = z.string().min(1).max(MAX_IMAGE).meta({
  description: 'Image reference; without a tag or digest: the repository, whatever its tag',
  example: 'us-docker.pkg.dev/acme/configs/platform:v1',
});
export const Cursor = z
  .string()
  .max(MAX_CURSOR)
  .regex(/^[A-Za-z0-9_-]+$/, 'is not a cursor of this API')
  .meta({ description: 'Where the page begins: `next` of the page before' });

export const PageLimit = z
  .string()
  .regex(/^[1-9][0-9]{0,3}$/, `must be a number from 1 to ${MAX_PAGE}`)
  .refine((text) => Number(text) <= MAX_PAGE, `must be a number from 1 to ${MAX_PAGE}`)
  .meta({
    description: `Entries of a page; ${DEFAULT_PAGE} by default`,
    type: 'integer',
    minimum: 1,
    maximum: MAX_PAGE,
    example: DEFAULT_PAGE,
  });

/** Of what takes none: `?dryRun=true` beside a body that lacks it must not be passed over. */
export const NoQuery = z.strictObject({});

/** What is true or false in a query. */
export function flag(description: string): z.ZodEnum<{ true: 'true'; false: 'false' }> {
  return z.enum(['true', 'false']).meta({ description, type: 'boolean', enum: [true, false] });
}

export const Reason = z
  .string()
  .max(MAX_REASON)
  .regex(/\S/, 'must say why')
  .meta({ description: 'Why; recorded, and published with your name', example: 'INC-7' });

export const Time = z.iso.datetime().meta({ description: 'RFC 3339, UTC' });

export const IdempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .max(MAX_KEY)
    .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII')
    .optional()
    .meta({ description: 'Sent again, the same request has the same effect, once' }),
});

/** RFC 9457, with our stable `code`. */
export const ProblemSchema = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().describe('What is wrong, and what to do'),
    code: z.string().describe('Stable: for scripts'),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem document' });

const MEANINGS = {
  400: 'The request names the field that is wrong',
  401: 'No token, or one that is not accepted',
  403: 'This identity may not do this',
  404: 'No such cluster, RSync, roll-out or freeze',
  408: 'The body came too slowly',
  409: 'The cluster cannot answer this: it has no Config Sync',
  413: 'The body is too large',
  415: 'The body is no JSON',
  422: 'What is asked for cannot be done: it is not verified, or the config does not name it',
  429: 'Too many requests: wait as long as Retry-After says',
  500: 'A fault of Countersign; its log says more',
  502: 'A cluster or a registry refused, or did not make sense',
  503: 'Something that is needed cannot be reached: try again',
  504: 'Something that is needed took too long: try again',
} as const;

/** One answer of an operation. Held to its schema by tests: its type is too large for the compiler to help. */
interface Answer {
  readonly description: string;
  readonly content: Record<string, { readonly schema: z.ZodType }>;
  readonly headers?: z.ZodObject;
}

/** Of an answer that is one page of several. */
export const PAGE_HEADERS = z.object({
  link: z.string().optional().meta({
    description: 'The next page, as `<…>; rel="next"` (RFC 8288); absent: this is the last',
  }),
});

/** Of a problem that passes. */
const RETRY_HEADERS = z.object({
  'retry-after': z.int().min(1).optional().meta({ description: 'Seconds to wait' }),
});
/** Of a problem that a token would mend. */
const TOKEN_HEADERS = z.object({
  'www-authenticate': z.literal('Bearer').meta({ description: 'How to authenticate' }),
});

const HEADERS: Readonly<Record<string, z.ZodObject>> = {
  401: TOKEN_HEADERS,
  429: RETRY_HEADERS,
  503: RETRY_HEADERS,
  504: RETRY_HEADERS,
};

/** An answer that has one form; `type`: other than JSON. */
export function answerOf(
  schema: z.ZodType,
  description: string,
  type = 'application/json',
): Answer {
  return { description, content: { [type]: { schema } } };
}

/** An answer in JSON that is one page of several. */
export function pageOf(schema: z.ZodType, description: string): Answer {
  return { ...answerOf(schema, description), headers: PAGE_HEADERS };
}

/** The answers of an operation, with what every operation may answer instead. */
export function answersOf(good: Record<number, Answer>): Record<string, Answer> {
  const problems = Object.entries(MEANINGS).map(([status, description]): [string, Answer] => [
    status,
    {
      ...answerOf(ProblemSchema, description, 'application/problem+json'),
      ...defined({ headers: HEADERS[status] }),
    },
  ]);
  return { ...Object.fromEntries(problems), ...good };
}

/** The body of a request: JSON, and never absent. */
export function bodyOf<Schema extends z.ZodType>(schema: Schema): RequestBody<Schema> {
  return { required: true, content: { 'application/json': { schema } } };
}

interface RequestBody<Schema extends z.ZodType> {
  readonly required: true;
  readonly content: { readonly 'application/json': { readonly schema: Schema } };
}
