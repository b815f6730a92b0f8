import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';

import type * as z from 'zod';

import { isRefusal, type Refusal, refuse } from './candidate.ts';
import { pemToDer } from './pem.ts';
import {
  bodyKindSchema,
  dsse1Schema,
  dsse2Schema,
  hashedRekord1Schema,
  hashedRekord2Schema,
  intoto2Schema,
  type LogVerifier,
} from './proof-schema.ts';
import type { LogEntry } from './read-proof.ts';
import { checkSchema, parseJson } from './strict-json.ts';

/** Who signed: the key, and the leaf of a keyless signer. */
export interface LoggedSigner {
  readonly key: KeyObject;
  /** DER. */
  readonly certificate: Buffer | undefined;
}

/** Who an entry says has signed: PEM (Rekor 1), or DER with its kind (Rekor 2). */
type InBody = (body: object) => { readonly pem: Buffer } | LogVerifier | Refusal;

/** By kind and version, those of cosign 1 to 3. */
const KINDS: Readonly<Record<string, InBody>> = {
  'hashedrekord 0.0.1': reader(hashedRekord1Schema, ({ spec }) => ({
    pem: spec.signature.publicKey.content,
  })),
  'dsse 0.0.1': reader(dsse1Schema, ({ spec }) => ({ pem: spec.signatures[0].verifier })),
  'intoto 0.0.2': reader(intoto2Schema, ({ spec }) => ({
    pem: spec.content.envelope.signatures[0].publicKey,
  })),
  'hashedrekord 0.0.2': reader(
    hashedRekord2Schema,
    ({ spec }) => spec.hashedRekordV002.signature.verifier,
  ),
  'dsse 0.0.2': reader(dsse2Schema, ({ spec }) => spec.dsseV002.signatures[0].verifier),
};

/**
 * Why a log entry is not of this signer; undefined when it is. The sigstore library compares the signature and the
 * digest, and never whose key they were logged with (GHSA-fx35-mq7g-6g98, CVE-2026-22703).
 */
export function findOtherSigner(entry: LogEntry, signer: LoggedSigner): Refusal | undefined {
  const body = parseJson(entry.canonicalizedBody, bodyKindSchema, 'Log entry');
  if (isRefusal(body)) return body;
  const kind = `${body.kind} ${body.apiVersion}`;
  const read = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (read === undefined) return refuse('log-mismatch', 'Log entry is of a kind that is not read');
  const logged = read(body);
  if (isRefusal(logged)) return logged;
  return isSame(logged, signer)
    ? undefined
    : refuse('log-mismatch', 'Log entry is of another signer');
}

function isSame(logged: { readonly pem: Buffer } | LogVerifier, signer: LoggedSigner): boolean {
  const der = 'pem' in logged ? fromPem(logged.pem) : fromVerifier(logged);
  try {
    if (signer.certificate !== undefined) {
      // The log must show the identity, not only the key: people watch it for their names.
      return der.certificate !== undefined && der.certificate.equals(signer.certificate);
    }
    const key =
      der.certificate === undefined
        ? createPublicKey({ key: der.key, format: 'der', type: 'spki' })
        : new X509Certificate(der.certificate).publicKey;
    return key.equals(signer.key);
  } catch {
    return false;
  }
}

interface Der {
  readonly certificate?: Buffer;
  readonly key: Buffer;
}

const NOTHING: Der = { key: Buffer.alloc(0) };

function fromPem(pem: Buffer): Der {
  const block = pemToDer(pem.toString('latin1'));
  if (block === undefined) return NOTHING;
  if (block.label === 'CERTIFICATE') return { ...NOTHING, certificate: block.der };
  return block.label === 'PUBLIC KEY' ? { key: block.der } : NOTHING;
}

function fromVerifier({ publicKey, x509Certificate }: LogVerifier): Der {
  if (publicKey !== undefined && x509Certificate !== undefined) return NOTHING;
  if (x509Certificate !== undefined) return { ...NOTHING, certificate: x509Certificate.rawBytes };
  return publicKey === undefined ? NOTHING : { key: publicKey.rawBytes };
}

function reader<T extends object>(
  schema: z.ZodType<T>,
  pick: (body: T) => { readonly pem: Buffer } | LogVerifier,
): InBody {
  return (body) => {
    const parsed = checkSchema(body, schema, 'Log entry');
    return isRefusal(parsed) ? parsed : pick(parsed);
  };
}
