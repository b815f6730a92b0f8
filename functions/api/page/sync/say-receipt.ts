import * as z from 'zod';
import { parseJson } from '#shared/net/json.ts';
import { sayTime } from '../words.ts';

/** What people are shown of a receipt. Anyone who may annotate the RSync may have written it. */
const Receipt = z.object({
  image: z.string(),
  digest: z.string(),
  reason: z.string(),
  approvedAt: z.string(),
  actor: z.string().optional().catch(undefined),
  signer: z.string().optional().catch(undefined),
  authorities: z.array(z.string()).catch([]),
  revision: z.string().optional().catch(undefined),
  source: z.string().optional().catch(undefined),
  enforcement: z.string().optional().catch(undefined),
  pin: z.string().optional().catch(undefined),
  rollout: z.object({ id: z.string(), stage: z.string() }).optional().catch(undefined),
});

/**
 * A receipt as words; undefined where it is none.
 *
 * @example
 * sayReceipt(text) // 'sha256:… of host/platform:v1 was approved at … after a push, signed by ci@acme.example.'
 */
export function sayReceipt(text: string): string | undefined {
  const { data } = Receipt.safeParse(parseJson(text));
  if (data === undefined) return undefined;
  const { image, digest, reason, approvedAt, actor, signer, authorities, rollout } = data;
  const why =
    actor === undefined || actor === '' ? `after a ${reason}` : `after a ${reason} by ${actor}`;
  const by = signer ?? authorities.join(', ');
  const signed = by === '' ? '' : `, signed by ${by}`;
  const parts = [
    `${digest} of ${image} was approved at ${sayTime(approvedAt)} ${why}${signed}`,
    ...(rollout === undefined
      ? []
      : [`Roll-out ${rollout.id} let it in, in stage ${rollout.stage}`]),
    ...(data.revision === undefined ? [] : [sayRevision(data.revision, data.source)]),
    ...(data.pin === undefined
      ? []
      : [
          `Its digest was ${data.pin === 'written' ? 'written into the spec' : 'refused in the spec'}`,
        ]),
    ...(data.enforcement === 'version' ? ['The gate can keep the chart to its version alone'] : []),
  ];
  return `${parts.join('. ')}.`;
}

function sayRevision(revision: string, source: string | undefined): string {
  return `It says that it was made of revision ${revision}${source === undefined ? '' : ` of ${source}`}`;
}
