import * as z from 'zod';
import { type Digest, hexOf } from '#shared/core/digest.ts';
import { type Evidence, isRefusal, type Refusal, refuse, shown } from './candidate.ts';
import { base64Bytes, checkSchema, parseJson } from './foreign-bytes.ts';
import { MAX_SUBJECTS } from './limits.ts';

/** DSSE 1.0 with one signature, read as its payload and the bytes that were signed. */
export const envelopeSchema = z
  .object({
    payload: base64Bytes,
    payloadType: z.literal('application/vnd.in-toto+json'),
    signatures: z.tuple([z.object({ sig: base64Bytes })]),
  })
  .transform(({ payload, payloadType, signatures: [{ sig: signature }] }) => {
    // "Signature Definition": PAE(type, body).
    const prefix = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
    return { payload, signature, signedBytes: Buffer.concat([Buffer.from(prefix), payload]) };
  });

/** The predicate type is read before the rest: an attestation is no malformed signature. */
const predicateTypeSchema = z.lazy(() => z.looseObject({ predicateType: z.string() }));

const digests = z.record(z.string(), z.string());
const claimed = z.array(
  z.object({ digest: digests, annotations: z.record(z.string(), z.unknown()).nullish() }),
);
const anyVersion = z.enum(['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1']);

/** In-toto statement v1 of a signature by cosign. */
const signatureSchema = z.lazy(() =>
  z.object({
    _type: z.literal('https://in-toto.io/Statement/v1'),
    subject: claimed,
  }),
);

/** Versions 0.1, which cosign 2 writes, and 1. What the predicate holds is for the policy to say. */
const attestationSchema = z.lazy(() =>
  z.object({
    _type: anyVersion,
    predicateType: z.string(),
    subject: z.array(z.object({ digest: digests })),
    predicate: z.unknown(),
  }),
);

/** Whatever its predicate: what a bundle over an artifact may hold. */
const statementAboutSchema = z.lazy(() =>
  z.object({
    _type: anyVersion,
    predicateType: z.string(),
    subject: claimed,
  }),
);

/** Predicate type of a signature by cosign 3. Cosign itself does not look: any attestation would pass as one. */
const COSIGN_SIGN = 'https://sigstore.dev/cosign/sign/v1';

/** What a statement is read for: digests of a subject, and whether they are the ones that are asked about. */
export interface About {
  readonly digest: string;
  readonly has: (algorithm: string, hex: string) => boolean;
}

/**
 * What an in-toto statement says about the image `digest`: the claims of a cosign signature, or an attestation of one of
 * `predicateTypes`. `no-matching-predicate` for any other, `digest-mismatch` when no subject has that digest.
 */
export function readStatement(
  payload: Uint8Array,
  digest: Digest,
  predicateTypes: ReadonlySet<string>,
): Pick<Evidence, 'claims' | 'attestation'> | Refusal {
  const kind = parseJson(payload, predicateTypeSchema, 'Statement');
  if (isRefusal(kind)) return kind;
  const image: About = {
    digest,
    has: (algorithm, hex) => algorithm === 'sha256' && hex === hexOf(digest),
  };
  if (kind.predicateType === COSIGN_SIGN) {
    const statement = checkSchema(kind, signatureSchema, 'Statement');
    return isRefusal(statement) ? statement : readClaims(statement.subject, image);
  }
  if (predicateTypes.has(kind.predicateType)) {
    const statement = checkSchema(kind, attestationSchema, 'Attestation');
    if (isRefusal(statement)) return statement;
    const ours = findSubjects(statement.subject, image);
    if (isRefusal(ours)) return ours;
    const { predicateType, predicate } = statement;
    return { claims: [], attestation: { predicateType, predicate } };
  }
  const type = shown(kind.predicateType);
  return refuse('no-matching-predicate', `Attestation of type ${type} is not a signature`);
}

/** The claims that an in-toto statement makes about an artifact; `digest-mismatch` when it makes none. */
export function readStatementAbout(
  payload: Uint8Array,
  artifact: About,
): Pick<Evidence, 'claims'> | Refusal {
  const statement = parseJson(payload, statementAboutSchema, 'Statement');
  return isRefusal(statement) ? statement : readClaims(statement.subject, artifact);
}

function readClaims(
  subjects: z.infer<typeof claimed>,
  about: About,
): Pick<Evidence, 'claims'> | Refusal {
  const ours = findSubjects(subjects, about);
  return isRefusal(ours) ? ours : { claims: ours.map(({ annotations }) => annotations ?? {}) };
}

function findSubjects<T extends { readonly digest: Readonly<Record<string, string>> }>(
  subjects: readonly T[],
  about: About,
): readonly T[] | Refusal {
  if (subjects.length > MAX_SUBJECTS) {
    return refuse('too-many', `Statement has more than ${MAX_SUBJECTS} subjects`);
  }
  const ours = subjects.filter(({ digest }) =>
    Object.entries(digest).some(([algorithm, hex]) => about.has(algorithm, hex)),
  );
  if (ours.length > 0) return ours;
  const [first, ...others] = subjects;
  const named = Object.entries(first?.digest ?? {});
  // SHA-256 first, which images are known by.
  const [algorithm, hex] = named.find(([name]) => name === 'sha256') ?? named[0] ?? [];
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  const signed =
    algorithm === undefined ? 'names no digest' : `is for ${shown(`${algorithm}:${hex}`)}${more}`;
  return refuse('digest-mismatch', `Statement ${signed}, not for ${about.digest}`);
}
