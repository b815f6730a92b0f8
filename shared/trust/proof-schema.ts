import * as z from 'zod';

import { decodeBase64 } from './base64.ts';
import {
  MAX_CERTIFICATE_BYTES,
  MAX_CHECKPOINT_CHARACTERS,
  MAX_PROOF_HASHES,
  MAX_TIMESTAMP_BYTES,
} from './limits.ts';

/** Canonical base64, as bytes; `maxBytes` is looked at before anything is decoded. */
function base64Of(maxBytes: number): z.ZodType<Buffer, string> {
  return z
    .string()
    .max(Math.ceil(maxBytes / 3) * 4)
    .transform((text, context) => {
      const bytes = decodeBase64(text);
      if (bytes !== undefined) return bytes;
      context.addIssue('Not base64');
      return z.NEVER;
    });
}

/** Of anything that only a bundle's own size bounds. */
const bytes = base64Of(Number.MAX_SAFE_INTEGER);

/** protobuf JSON writes 64-bit numbers as text and leaves out what is 0. */
const int64 = z
  .union([z.string().regex(/^(?:0|[1-9][0-9]{0,18})$/), z.int().nonnegative()])
  .nullish()
  .transform((value) => String(value ?? 0));

/** `TransparencyLogEntry` of sigstore_rekor.proto. */
export const logEntrySchema = z.object({
  logIndex: int64,
  logId: z.object({ keyId: bytes }),
  kindVersion: z.object({ kind: z.string(), version: z.string() }),
  integratedTime: int64,
  inclusionPromise: z.object({ signedEntryTimestamp: bytes }).nullish(),
  inclusionProof: z
    .object({
      logIndex: int64,
      rootHash: bytes,
      treeSize: int64,
      hashes: z.array(bytes).max(MAX_PROOF_HASHES).nullish(),
      checkpoint: z.object({ envelope: z.string().max(MAX_CHECKPOINT_CHARACTERS) }).nullish(),
    })
    .nullish(),
  canonicalizedBody: bytes,
});

export const timestampSchema = z.object({ signedTimestamp: base64Of(MAX_TIMESTAMP_BYTES) });

/** cosign's `dev.sigstore.cosign/bundle`: Rekor's answer, whose SET covers `Payload`. */
export const legacyEntrySchema = z.object({
  SignedEntryTimestamp: bytes,
  Payload: z.object({
    body: bytes,
    integratedTime: z.int().positive(),
    logIndex: z.int().nonnegative(),
    logID: z.string().regex(/^[0-9a-f]{64}$/),
  }),
});

/** cosign's `dev.sigstore.cosign/rfc3161timestamp`. */
export const legacyTimestampSchema = z.object({
  SignedRFC3161Timestamp: base64Of(MAX_TIMESTAMP_BYTES),
});

/** DER of a leaf, in a bundle. */
export const certificateSchema = z.object({ rawBytes: base64Of(MAX_CERTIFICATE_BYTES) });

/** What every body in a log begins with. */
export const bodyKindSchema = z.looseObject({ kind: z.string(), apiVersion: z.string() });

const verifier = z.object({
  publicKey: z.object({ rawBytes: bytes }).optional(),
  x509Certificate: z.object({ rawBytes: bytes }).optional(),
});
const one = <T extends z.ZodType>(item: T): z.ZodTuple<[T]> => z.tuple([item]);

/** Where each kind of Rekor entry holds the signer: PEM in version 1, DER in version 2. */
export const hashedRekord1Schema = z.object({
  spec: z.object({ signature: z.object({ publicKey: z.object({ content: bytes }) }) }),
});
export const dsse1Schema = z.object({
  spec: z.object({ signatures: one(z.object({ verifier: bytes })) }),
});
export const intoto2Schema = z.object({
  spec: z.object({
    content: z.object({ envelope: z.object({ signatures: one(z.object({ publicKey: bytes })) }) }),
  }),
});
export const hashedRekord2Schema = z.object({
  spec: z.object({ hashedRekordV002: z.object({ signature: z.object({ verifier }) }) }),
});
export const dsse2Schema = z.object({
  spec: z.object({ dsseV002: z.object({ signatures: one(z.object({ verifier })) }) }),
});

export type LogVerifier = z.infer<typeof verifier>;
