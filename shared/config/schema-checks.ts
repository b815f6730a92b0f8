import * as z from 'zod';
import type { Bound, CheckQuestion } from '#shared/core/rollout/checks.ts';
import { MAX_CHECKS, PLACEHOLDERS, placeholdersIn } from '#shared/core/rollout/checks.ts';
import {
  ALWAYS,
  type Check,
  distinct,
  fieldOf,
  finding,
  isRecord,
  parsed,
  withOneOf,
} from './check.ts';
import { MAX_SOAK_MS, MAX_TEXT } from './limits.ts';
import type { Fault } from './problem.ts';
import { durationSchema, nameSchema, pathSchema, projectSchema, textSchema } from './scalars.ts';

const KINDS = ['prometheus', 'monitoring', 'http'] as const;
const BOUNDS = ['above', 'below', 'equals'] as const;

const MIN_STATUS = 200;
const MAX_STATUS = 599;

const query = z
  .string()
  .min(1)
  .max(MAX_TEXT)
  .superRefine(finding(knownPlaceholders), ALWAYS)
  .meta({
    description: 'PromQL query that returns one number; ${digest} and ${stage} are replaced',
    examples: ['sum(rate(errors_total{digest="${digest}"}[5m]))'],
  });

const tokenFile = pathSchema.exactOptional().meta({
  description: 'Path of a file with a bearer token; read each time, sent to this URL only',
  examples: ['/secrets/prometheus-token'],
});

const prometheus = z
  .strictObject({
    url: urlSchema('https://prometheus.acme.example', serverUrl).describe(
      'URL of the server without /api/v1/query: https, or http on loopback',
    ),
    query,
    tokenFile,
  })
  .exactOptional()
  .describe('A query to a server with the HTTP API of Prometheus');

const monitoring = z
  .strictObject({
    project: projectSchema.meta({
      description: 'Project whose metrics scope is queried',
      examples: ['acme-prod'],
    }),
    query,
  })
  .exactOptional()
  .describe('A PromQL query to Cloud Monitoring, with the identity of sweep');

const http = z
  .strictObject({
    url: urlSchema('https://shop.acme.example/ready', () => undefined)
      .superRefine(finding(knownPlaceholders), ALWAYS)
      .meta({
        description:
          'URL for GET: https, or http on loopback; ${digest} and ${stage} are replaced in its path and query',
      }),
    status: z
      .int('Is not a whole number')
      .min(MIN_STATUS)
      .max(MAX_STATUS)
      .default(200)
      .meta({ description: 'Required status of the answer (default: 200)', examples: [200] }),
    contains: textSchema
      .exactOptional()
      .meta({ description: 'Text that must be in the body', examples: ['ok'] }),
    tokenFile,
  })
  .exactOptional()
  .describe('An HTTP request; redirects are not followed');

function bound(description: string) {
  return z
    .number()
    .exactOptional()
    .meta({ description, examples: [0.01] });
}

const check = withOneOf(
  z.strictObject({
    name: nameSchema.meta({ description: 'Name of the check', examples: ['errors'] }),
    prometheus,
    monitoring,
    http,
    above: bound('The number must be above this one'),
    below: bound('The number must be below this one'),
    equals: bound('The number must be this one'),
    for: durationSchema(0, MAX_SOAK_MS)
      .prefault('10m')
      .meta({
        description:
          'How long every answer must have been good before the stage is passed (default: 10m), at most 720h',
        examples: ['10m'],
      }),
    failAfter: durationSchema(0)
      .exactOptional()
      .meta({
        description:
          'How long every answer must have been bad to halt the roll-out (default: progressDeadline of the strategy), at most 168h',
        examples: ['5m'],
      }),
  }),
  KINDS,
  'One check: exactly one of prometheus, monitoring and http',
)
  .superRefine(finding(oneBound), ALWAYS)
  .transform(({ name, for: forMs, failAfter, ...rest }) => ({
    name,
    ask: questionOf(rest),
    forMs,
    ...(failAfter !== undefined && { failAfterMs: failAfter }),
  }));

/** What must be so, beside what clusters report, before a stage is passed. */
export const checksSchema = z
  .array(check)
  .min(1)
  .max(MAX_CHECKS)
  .superRefine(finding(distinct('name', 'Give each check of the stage its own name')), ALWAYS)
  .describe(
    'Checks that must hold, in addition to the reports of clusters, before the stage is passed; sweeps ask them during the soak',
  );

interface Asked extends Partial<Readonly<Record<Bound['is'], number>>> {
  readonly prometheus?: Omit<Extract<CheckQuestion, { type: 'prometheus' }>, 'type' | 'bound'>;
  readonly monitoring?: Omit<Extract<CheckQuestion, { type: 'monitoring' }>, 'type' | 'bound'>;
  readonly http?: Omit<Extract<CheckQuestion, { type: 'http' }>, 'type'>;
}

/** Of a check that has exactly one of each, as has been found before. */
function questionOf({
  prometheus: server,
  monitoring: project,
  http: page,
  ...bounds
}: Asked): CheckQuestion {
  if (page !== undefined) return { type: 'http', ...page };
  const is = BOUNDS.find((name) => bounds[name] !== undefined) ?? 'equals';
  const limit: Bound = { is, value: bounds[is] ?? Number.NaN };
  if (server !== undefined) return { type: 'prometheus', ...server, bound: limit };
  return { type: 'monitoring', ...(project ?? { project: '', query: '' }), bound: limit };
}

/** A number is compared with one bound; a status is what `http.status` says. */
function* oneBound(value: unknown): ReturnType<Check> {
  // Of several kinds that is said already.
  if (!isRecord(value) || KINDS.filter((name) => name in value).length > 1) return;
  const given = BOUNDS.filter((name) => fieldOf(value, name) !== undefined);
  const choice = BOUNDS.join(', ');
  if (fieldOf(value, 'http') !== undefined) {
    if (given.length === 0) return;
    const problem = `Has ${given.join(' and ')}, which is for numbers`;
    yield { kind: 'conflict', problem, fix: 'Remove it: http.status says what is good' };
  } else if (given.length === 0) {
    const problem = 'Does not say which number is good';
    yield { kind: 'missing', problem, fix: `Add exactly one of ${choice}` };
  } else if (given.length > 1) {
    const problem = `Has ${given.join(' and ')}`;
    yield {
      kind: 'conflict',
      problem,
      fix: 'Keep exactly one of them; write two checks for a range',
    };
  }
}

function* knownPlaceholders(value: unknown): ReturnType<Check> {
  if (typeof value !== 'string') return;
  const known: readonly string[] = PLACEHOLDERS;
  const unknown = placeholdersIn(value).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const fix = `Write one of ${known.map((name) => `\${${name}}`).join(', ')}`;
  yield { kind: 'bad-value', problem: 'Has a placeholder that stands for nothing', fix };
}

function urlSchema(example: string, faultOf: (url: URL, text: string) => string | undefined) {
  return z
    .string()
    .max(MAX_TEXT)
    .meta({ examples: [example] })
    .transform(
      parsed((text): string | Fault => {
        const fix = 'Write https://HOST/PATH, or http:// with a loopback address';
        const url = URL.canParse(text) ? new URL(text) : undefined;
        if (url === undefined) return { problem: 'Is not a URL', fix };
        const problem = commonFault(url, text) ?? faultOf(url, text);
        return problem === undefined ? text : { problem, fix };
      }),
    );
}

const LOOPBACK = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])$/;

function commonFault(
  { protocol, hostname, username, password, hash }: URL,
  text: string,
): string | undefined {
  if (protocol !== 'https:' && !(protocol === 'http:' && LOOPBACK.test(hostname))) {
    return 'Is neither https nor on a loopback address';
  }
  if (username !== '' || password !== '') return 'Has credentials in it: name a tokenFile';
  if (hash !== '') return 'Has a fragment, which is not sent';
  // As it is written: a URL that is read takes a backslash for a slash, and leaves out tabs.
  return /^https?:\/\/[^/?#\\$\s]+(?:[/?#][^\\\s]*)?$/.test(text)
    ? undefined
    : 'Is not written as a URL';
}

function serverUrl({ search }: URL, text: string): string | undefined {
  if (search !== '' || text.includes('?')) return 'Has a query: the query is a key of its own';
  return text.includes('${') ? 'Has a placeholder' : undefined;
}
