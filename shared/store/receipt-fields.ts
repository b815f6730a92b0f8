import * as z from 'zod';

const Time = z.iso.datetime();

/** What the receipt has of the roll-out that let it in. */
export const ReceiptFields = z.object({
  id: z.string(),
  stage: z.string(),
  kind: z.enum(['forward', 'rollback']),
  digest: z.string(),
  previous: z.string().exactOptional(),
  indexes: z.record(z.string(), z.string()).exactOptional(),
  rejected: z.array(z.string()),
  startedAt: Time,
  resolvedAt: Time,
});
