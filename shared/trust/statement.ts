import { type Digest, hexOf } from '#shared/core/digest.ts';

import { type Evidence, isRefusal, type Refusal, refuse } from './candidate.ts';
import { MAX_SUBJECTS } from './limits.ts';
import { attestationSchema, predicateTypeSchema, statementSchema } from './schema.ts';
import { shown } from './shown.ts';
import { checkSchema, parseJson } from './strict-json.ts';

/** Predicate type of a signature by cosign 3. Cosign itself does not look: any attestation would pass as one. */
const COSIGN_SIGN = 'https://sigstore.dev/cosign/sign/v1';

type Said = Pick<Evidence, 'claims' | 'attestation'>;
interface Subject {
  readonly digest: Readonly<Record<string, string>>;
}

/**
 * What an in-toto statement says about `subject`: the claims of a cosign signature, or an attestation of one of
 * `predicateTypes`. `no-matching-predicate` for any other, `digest-mismatch` when no subject has that digest.
 */
export function readStatement(
  payload: Uint8Array,
  subject: Digest,
  predicateTypes: ReadonlySet<string>,
): Said | Refusal {
  const kind = parseJson(payload, predicateTypeSchema, 'Statement');
  if (isRefusal(kind)) return kind;
  const { predicateType } = kind;
  if (predicateType === COSIGN_SIGN) return readSignature(kind, subject);
  if (predicateTypes.has(predicateType)) return readAttestation(kind, subject);
  return refuse(
    'no-matching-predicate',
    `Attestation of type ${shown(predicateType)} is not a signature`,
  );
}

function readSignature(json: object, subject: Digest): Said | Refusal {
  const statement = checkSchema(json, statementSchema, 'Statement');
  if (isRefusal(statement)) return statement;
  const ours = subjectsOf(statement, subject);
  return isRefusal(ours) ? ours : { claims: ours.map(({ annotations }) => annotations ?? {}) };
}

function readAttestation(json: object, subject: Digest): Said | Refusal {
  const statement = checkSchema(json, attestationSchema, 'Attestation');
  if (isRefusal(statement)) return statement;
  const ours = subjectsOf(statement, subject);
  if (isRefusal(ours)) return ours;
  const { predicateType, predicate } = statement;
  return { claims: [], attestation: { predicateType, predicate } };
}

function subjectsOf<T extends Subject>(
  statement: { readonly subject: readonly T[] },
  subject: Digest,
): readonly T[] | Refusal {
  if (statement.subject.length > MAX_SUBJECTS) {
    return refuse('too-many', `Statement has more than ${MAX_SUBJECTS} subjects`);
  }
  const ours = statement.subject.filter(({ digest }) => digest['sha256'] === hexOf(subject));
  if (ours.length > 0) return ours;
  const [first, ...others] = statement.subject;
  const [algorithm, hex = ''] = Object.entries(first?.digest ?? {}).toSorted(bySha256)[0] ?? [];
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  const signed =
    algorithm === undefined ? 'names no digest' : `is for ${shown(`${algorithm}:${hex}`)}${more}`;
  return refuse('digest-mismatch', `Statement ${signed}, not for ${subject}`);
}

/** SHA-256 first, which images are known by. */
function bySha256([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return Number(b === 'sha256') - Number(a === 'sha256');
}
