import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { collectionOf, pathOf } from '#test/e2e/tools/sync-cluster.ts';
import type { KubeAnswer, SendKube } from '#infra/local/real/kube-request.ts';
import type { Attack, Outcome, Place, Step, Write } from './attack.ts';

/** Writes past the gate: what stands in a cluster before an attack. */
export const SETUP_USER = 'setup@past-the-gate';

/** What became of one write; a text is what should become of none. */
export type Seen = Exclude<Outcome, 'answered'> | `failed: ${string}`;

/** A step, and what became of it. */
export interface Finding {
  readonly step: Step;
  readonly seen: Seen;
}

const FIELD_MANAGER = 'fieldManager=attack';
const MEDIA_TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
  strategic: 'application/strategic-merge-patch+json',
} as const;

const statusSchema = z.object({ kind: z.literal('Status'), message: z.string().default('') });
const objectSchema = z.looseObject({
  apiVersion: z.string().default('configsync.gke.io/v1beta1'),
  kind: z.enum(['RootSync', 'RepoSync']),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    resourceVersion: z.string().optional(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.unknown(),
});
type Live = z.infer<typeof objectSchema>;
/**
 * Plays one attack on a cluster that is empty of RSyncs afterwards, and returns what became of each write; it ends with
 * the first that came out otherwise than it must.
 */
export async function runAttack(attack: Attack, send: SendKube): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  try {
    for (const object of attack.given) await place(object, send);
    for (const step of attack.steps) {
      const seen = await take(step, send);
      findings.push({ step, seen });
      if (!meets(step.expect, seen)) break;
    }
  } finally {
    await clear(attack, send);
  }
  return findings;
}

/**
 * `hold`: every step came out as it must. `let through`: one that must be refused passed, and all before it came out as
 * they must. Else what was seen.
 */
export function outcomeOf(
  { steps }: Attack,
  findings: readonly Finding[],
): 'hold' | 'let through' | readonly Seen[] {
  const last = findings.at(-1);
  if (last?.step.expect === 'refused' && last.seen === 'passes') return 'let through';
  const held = findings.every(({ step, seen }) => meets(step.expect, seen));
  if (held && findings.length === steps.length) return 'hold';
  return findings.map(({ seen }) => seen);
}

function meets(expect: Outcome, seen: Seen): boolean {
  if (expect === 'answered') return seen === 'passes' || seen === 'refused';
  return expect === seen;
}

async function take({ as, write, expect }: Step, send: SendKube): Promise<Seen> {
  const isCompared = write.how === 'replace' || expect === 'ignored';
  const before = isCompared ? await read(write.at, send) : undefined;
  const answer = await send({ ...requestOf(write, before), user: as });
  if (answer.status >= 300) return refusalOf(answer);
  if (expect !== 'ignored') return 'passes';
  const after = await read(write.at, send);
  const kept =
    isDeepStrictEqual(before?.metadata.annotations, after?.metadata.annotations) &&
    isDeepStrictEqual(before?.spec, after?.spec);
  return kept ? 'ignored' : 'passes';
}

function refusalOf({ status, body }: KubeAnswer): Seen {
  const { message = '' } = statusSchema.safeParse(body).data ?? {};
  if (/resulted in error|budget|cost|evaluat/i.test(message) || status >= 500)
    return `failed: ${status} ${message.slice(0, 400)}`;
  return status === 422 && message.includes("ValidatingAdmissionPolicy 'countersign-gate")
    ? 'refused'
    : status;
}

function requestOf(write: Write, live: Live | undefined): Parameters<SendKube>[0] {
  const at =
    write.subresource === undefined ? pathOf(write.at) : `${pathOf(write.at)}/${write.subresource}`;
  const options = [
    ...(write.dryRun === true ? ['dryRun=All'] : []),
    ...(write.how === 'apply' ? [FIELD_MANAGER, 'force=true'] : []),
  ];
  const query = options.length === 0 ? '' : `?${options.join('&')}`;
  switch (write.how) {
    case 'create':
      return { method: 'POST', path: `${collectionOf(write.at)}${query}`, body: write.object };
    case 'replace':
      return { method: 'PUT', path: `${at}${query}`, body: atVersion(write.object, live) };
    case 'delete':
      return { method: 'DELETE', path: `${at}${query}` };
    default:
      return {
        method: 'PATCH',
        path: `${at}${query}`,
        type: MEDIA_TYPES[write.how],
        body: write.body,
      };
  }
}

/** A PUT must name the version that it replaces. */
function atVersion(object: object, live: Live | undefined): object {
  const resourceVersion = live?.metadata.resourceVersion ?? '1';
  const own = 'metadata' in object && typeof object.metadata === 'object' ? object.metadata : {};
  return { ...object, metadata: { ...own, resourceVersion } };
}

async function read(at: Place, send: SendKube): Promise<Live | undefined> {
  const { status, body } = await send({ method: 'GET', path: pathOf(at), user: SETUP_USER });
  return status === 200 ? objectSchema.parse(body) : undefined;
}

async function place(object: Place, send: SendKube): Promise<void> {
  const path = collectionOf(object);
  const { status, body } = await send({ method: 'POST', path, body: object, user: SETUP_USER });
  if (status !== 201) throw new Error(`${path}: ${status} ${JSON.stringify(body).slice(0, 400)}`);
}

/** Removes what the attack may have left; what carries finalizers stays, and loses them. */
async function clear({ given, steps }: Attack, send: SendKube): Promise<void> {
  const places = [...given, ...steps.map(({ write }) => write.at)].map((at) => pathOf(at));
  for (const path of new Set(places)) await remove(path, send);
  const generates = steps.find(({ write }) => write.how === 'create' && isGenerated(write.object));
  if (generates === undefined) return;
  const collection = collectionOf(generates.write.at);
  await send({ method: 'DELETE', path: collection, user: SETUP_USER });
}

function isGenerated(object: object): boolean {
  return 'metadata' in object && JSON.stringify(object.metadata).includes('"generateName"');
}

async function remove(path: string, send: SendKube): Promise<void> {
  const { status, body } = await send({ method: 'DELETE', path, user: SETUP_USER });
  // A Status says that it is gone; the object itself, that finalizers keep it.
  if (status !== 200 || statusSchema.safeParse(body).success) return;
  const { merge: type } = MEDIA_TYPES;
  await send({
    method: 'PATCH',
    path,
    type,
    body: { metadata: { finalizers: null } },
    user: SETUP_USER,
  });
}
