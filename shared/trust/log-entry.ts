import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';

import * as z from 'zod';

import { isRefusal, type Refusal, refuse } from './candidate.ts';
import { pemToDer } from './encoding.ts';
import { base64Bytes, bodyKindSchema, type LogEntry } from './read-proof.ts';
import { checkSchema, parseJson } from './strict-json.ts';
import type { TrustRoot } from './trusted-root.ts';

/** Who signed: the key, and the leaf of a keyless signer, DER. */
export interface LoggedSigner {
  readonly key: KeyObject;
  readonly certificate: { readonly der: Buffer } | undefined;
}

/** Who an entry says has signed, DER; an empty key is no signer's. */
interface Logged {
  readonly certificate?: Buffer;
  readonly key: Buffer;
}

const NOTHING: Logged = { key: Buffer.alloc(0) };

const pem = base64Bytes.transform(readPem);
const verifier = z
  .object({
    publicKey: z.object({ rawBytes: base64Bytes }).optional(),
    x509Certificate: z.object({ rawBytes: base64Bytes }).optional(),
  })
  .transform(({ publicKey, x509Certificate }): Logged => {
    if (publicKey !== undefined && x509Certificate !== undefined) return NOTHING;
    if (x509Certificate !== undefined) return { ...NOTHING, certificate: x509Certificate.rawBytes };
    return publicKey === undefined ? NOTHING : { key: publicKey.rawBytes };
  });

/**
 * Where each kind of Rekor entry has its signer, those of cosign 1 to 3: PEM in version 1 of the log, DER in version 2. A
 * `0` is the one element of a list.
 */
const KINDS: ReadonlyMap<string, { readonly at: string; readonly signer: z.ZodType<Logged> }> =
  new Map([
    ['hashedrekord 0.0.1', { at: 'spec.signature.publicKey.content', signer: pem }],
    ['dsse 0.0.1', { at: 'spec.signatures.0.verifier', signer: pem }],
    ['intoto 0.0.2', { at: 'spec.content.envelope.signatures.0.publicKey', signer: pem }],
    ['hashedrekord 0.0.2', { at: 'spec.hashedRekordV002.signature.verifier', signer: verifier }],
    ['dsse 0.0.2', { at: 'spec.dsseV002.signatures.0.verifier', signer: verifier }],
  ]);

/** The trusted log that an entry claims to be in. */
export function logOf(entry: LogEntry, root: TrustRoot): TrustRoot['tlogs'][number] | undefined {
  return root.tlogs.find(({ logID }) => logID.equals(entry.logId.keyId));
}

/** What the sigstore library does not look at in an entry: whose it is, and that the proof is of its checkpoint. */
export function findLogFlaw(entry: LogEntry, signer: LoggedSigner): Refusal | undefined {
  const { inclusionProof: proof } = entry;
  if (proof?.checkpoint !== undefined) {
    // transparency-dev/formats, "Checkpoint body": origin, tree size, root hash.
    const [, size, root] = proof.checkpoint.envelope.split('\n', 3);
    if (size !== proof.treeSize || root !== proof.rootHash.toString('base64')) {
      return refuse('log-mismatch', 'Inclusion proof is for another tree than its checkpoint');
    }
  }
  return findOtherSigner(entry, signer);
}

/**
 * Why a log entry is not of this signer; undefined when it is. The sigstore library compares the signature and the
 * digest, and never whose key they were logged with (GHSA-fx35-mq7g-6g98, CVE-2026-22703).
 */
function findOtherSigner(entry: LogEntry, signer: LoggedSigner): Refusal | undefined {
  const body = parseJson(entry.canonicalizedBody, bodyKindSchema, 'Log entry');
  if (isRefusal(body)) return body;
  const kind = KINDS.get(`${body.kind} ${body.apiVersion}`);
  if (kind === undefined) return refuse('log-mismatch', 'Log entry is of a kind that is not read');
  const logged = checkSchema(valueAt(body, kind.at), kind.signer, 'Signer of a log entry');
  if (isRefusal(logged)) return logged;
  return isSame(logged, signer)
    ? undefined
    : refuse('log-mismatch', 'Log entry is of another signer');
}

function valueAt(body: object, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    if (key === '0') return Array.isArray(value) && value.length === 1 ? value[0] : undefined;
    const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
    return isThere ? Reflect.get(value, key) : undefined;
  }, body);
}

function isSame({ certificate, key: spki }: Logged, signer: LoggedSigner): boolean {
  try {
    if (signer.certificate !== undefined) {
      // The log must show the identity, not only the key: people watch it for their names.
      return certificate !== undefined && certificate.equals(signer.certificate.der);
    }
    const key =
      certificate === undefined
        ? createPublicKey({ key: spki, format: 'der', type: 'spki' })
        : new X509Certificate(certificate).publicKey;
    return key.equals(signer.key);
  } catch {
    return false;
  }
}

function readPem(text: Buffer): Logged {
  const block = pemToDer(text.toString('latin1'));
  if (block?.label === 'CERTIFICATE') return { ...NOTHING, certificate: block.der };
  return block?.label === 'PUBLIC KEY' ? { key: block.der } : NOTHING;
}
