import * as z from 'zod';

/** ISO 8601. */
const Time = z.iso.datetime();

/** Since when a trouble is reported and open; `doubtful`: it was about to be reported when this was written. */
const TROUBLE = { since: Time, doubtful: z.literal(true).exactOptional() };

/** What the last sweeps found of withdrawing approvals (docs/design.md#withdrawals). */
export const WithdrawalFields = z.lazy(() =>
  z.object({
    /** Hashes of the policies under which approvals may be withdrawn, and when that was last decided. */
    allowed: z.record(z.string(), Time),
    /** The brake is on, and for which policies. */
    braked: z.object({ ...TROUBLE, policies: z.array(z.string()) }).exactOptional(),
    /** Approvals that could not be judged, and in which repositories, where nothing may be withdrawn. */
    unchecked: z.object({ ...TROUBLE, repositories: z.array(z.string()) }).exactOptional(),
    /** When the last one of each was reported to be over: so that the next one is not taken for it. */
    over: z
      .object({ braked: Time.exactOptional(), unchecked: Time.exactOptional() })
      .exactOptional(),
  }),
);
