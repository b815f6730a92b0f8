import { PublicKeyDetails, TrustedRoot } from '@sigstore/protobuf-specs';
import { toTrustMaterial, type TrustMaterial } from '@sigstore/verify';
import * as z from 'zod';
import { isRefusal, type Refusal, refuse } from './candidate.ts';
import { decodeBase64 } from './foreign-bytes.ts';
import { parseJson } from './foreign-bytes.ts';

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

/** `TrustedRoot` of sigstore_trustroot.proto, protobuf JSON form. Empty lists trust no authority. */
const trustedRootSchema = z.object({
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

/** The certificate authorities, logs and timestamp authorities that a policy trusts. */
export type TrustRoot = Omit<TrustMaterial, 'publicKey'>;

/** Builds a root. Logs with a kind of key of a later time are left out, for roots grow; any other flaw refuses all. */
export function buildTrustRoot(text: string): TrustRoot | Refusal {
  const root = parseJson(Buffer.from(text), trustedRootSchema, 'Trusted root');
  if (isRefusal(root)) return root;
  const hasKnownKey = ({ publicKey }: z.infer<typeof log>): boolean =>
    Object.hasOwn(PublicKeyDetails, publicKey.keyDetails);
  const tlogs = (root.tlogs ?? []).filter(hasKnownKey);
  const ctlogs = (root.ctlogs ?? []).filter(hasKnownKey);
  try {
    return toTrustMaterial(TrustedRoot.fromJSON({ ...root, tlogs, ctlogs }), () => {
      throw new Error('Keys come from the policy, never from a hint of a bundle');
    });
  } catch {
    return refuse('malformed', 'Trusted root has a key or certificate that cannot be read');
  }
}
