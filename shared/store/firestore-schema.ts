import * as z from 'zod';

/** Answers of Firestore's REST API, v1. Sender: Google, or the emulator; the fields are what we wrote, or others. */
export const Document = z.object({
  /** `projects/…/databases/…/documents/<path>`. */
  name: z.string(),
  fields: z.record(z.string(), z.unknown()).default({}),
  updateTime: z.string(),
});

export type Document = z.infer<typeof Document>;

export const BatchGetAnswer = z.array(
  z.object({ found: Document.exactOptional(), missing: z.string().exactOptional() }),
);

/** An element without a document only tells the time, or how far it got. */
export const QueryAnswer = z.array(z.object({ document: Document.exactOptional() }));

/** One aggregation, under the alias that we give it; without documents it is told as well. */
export const CountAnswer = z
  .tuple([
    z.object({
      result: z.object({
        aggregateFields: z.object({
          count: z.object({ integerValue: z.string().regex(/^[0-9]{1,9}$/) }),
        }),
      }),
    }),
  ])
  .transform(([{ result }]) => Number(result.aggregateFields.count.integerValue));

export const CommitAnswer = z.object({ commitTime: z.string().exactOptional() });

/** AIP-193. */
export const Refusal = z.object({
  error: z.object({ code: z.number(), message: z.string(), status: z.string() }),
});

const Text = z.object({ stringValue: z.string() }).transform(({ stringValue }) => stringValue);
const Bytes = z
  .object({ bytesValue: z.base64() })
  .transform(({ bytesValue }) => Buffer.from(bytesValue, 'base64'));
const Time = z
  .object({ timestampValue: z.iso.datetime() })
  .transform(({ timestampValue }) => Date.parse(timestampValue));
/** proto3 JSON writes int64 as text. */
const Count = z
  .object({ integerValue: z.string().regex(/^[0-9]{1,3}$/) })
  .transform(({ integerValue }) => Number(integerValue));

/** What every record starts with: its own beginning, and how many more documents hold the rest. */
export const RecordFields = z.object({ record: Bytes, parts: Count, revision: Text });

export const PartFields = z.object({ record: Bytes, revision: Text });

/** What must be known of a cluster's document to replace it. */
export const HeadFields = z.object({
  parts: Count.catch(0),
  reconciledAt: Time.optional().catch(undefined),
  edition: Text.optional().catch(undefined),
});

export const NameFields = z.object({ cluster: Text });

export const ImageFields = z.object({ repository: Text, digest: Text });
