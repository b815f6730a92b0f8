import * as z from 'zod';

import { decodeBase64 } from './base64.ts';

const base64 = z.string().refine((text) => decodeBase64(text) !== undefined, 'Not base64');

/** A missing start would be "since ever": the specification requires one (sigstore_trustroot.proto). */
const validFor = z
  .object({
    start: z.iso.datetime({ offset: true }),
    end: z.iso.datetime({ offset: true }).nullish(),
  })
  .refine(
    ({ start, end }) => !end || Date.parse(start) <= Date.parse(end),
    'Ends before it starts',
  );

const log = z.object({
  baseUrl: z.string(),
  publicKey: z.object({ rawBytes: base64, keyDetails: z.string(), validFor }),
  logId: z.object({ keyId: base64 }),
  checkpointKeyId: z.object({ keyId: base64 }).nullish(),
});

const authority = z.object({
  certChain: z.object({ certificates: z.array(z.object({ rawBytes: base64 })).min(1) }),
  validFor,
});

/** `TrustedRoot` of sigstore_trustroot.proto, protobuf JSON form. Empty lists trust nobody. */
export const trustedRootSchema = z.object({
  mediaType: z.enum([
    'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    'application/vnd.dev.sigstore.trustedroot+json;version=0.2',
    'application/vnd.dev.sigstore.trustedroot.v0.1+json',
    'application/vnd.dev.sigstore.trustedroot.v0.2+json',
  ]),
  tlogs: z.array(log).nullish(),
  certificateAuthorities: z.array(authority).nullish(),
  ctlogs: z.array(log).nullish(),
  timestampAuthorities: z.array(authority).nullish(),
});

export type LogJson = z.infer<typeof log>;
