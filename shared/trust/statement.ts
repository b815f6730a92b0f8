import { type Digest, hexOf } from '#shared/core/digest.ts';

import { type Evidence, isRefusal, type Refusal, refuse } from './candidate.ts';
import { MAX_SUBJECTS } from './limits.ts';
import { predicateTypeSchema, statementSchema } from './schema.ts';
import { checkSchema, parseJson } from './strict-json.ts';

/** Predicate type of a signature by cosign 3. Cosign itself does not look: any attestation would pass as one. */
const COSIGN_SIGN = 'https://sigstore.dev/cosign/sign/v1';

/**
 * The claims that an in-toto statement makes about `subject`, when it is a cosign signature: `no-matching-predicate`
 * for an attestation, `digest-mismatch` when no subject has that digest.
 */
export function readSignatureStatement(
  payload: Uint8Array,
  subject: Digest,
): Pick<Evidence, 'claims'> | Refusal {
  const kind = parseJson(payload, predicateTypeSchema, 'Statement');
  if (isRefusal(kind)) return kind;
  if (kind.predicateType !== COSIGN_SIGN) {
    const shown = JSON.stringify(kind.predicateType.slice(0, 200));
    return refuse('no-matching-predicate', `Attestation of type ${shown} is not a signature`);
  }
  const statement = checkSchema(kind, statementSchema, 'Statement');
  if (isRefusal(statement)) return statement;
  if (statement.subject.length > MAX_SUBJECTS) {
    return refuse('too-many', `Statement has more than ${MAX_SUBJECTS} subjects`);
  }
  const hex = hexOf(subject);
  const ours = statement.subject.filter(({ digest }) => digest['sha256'] === hex);
  if (ours.length === 0) {
    const signed = statement.subject[0]?.digest['sha256']?.slice(0, 64) ?? 'nothing';
    return refuse('digest-mismatch', `Signature is for sha256:${signed}, not for ${subject}`);
  }
  return { claims: ours.map(({ annotations }) => annotations ?? {}) };
}
