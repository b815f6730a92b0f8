import type { Artifact } from './artifact.ts';
import { statementAboutSchema } from './artifact-schema.ts';
import { type Evidence, isRefusal, type Refusal, refuse } from './candidate.ts';
import { MAX_SUBJECTS } from './limits.ts';
import { parseJson } from './strict-json.ts';

/** The claims that an in-toto statement makes about an artifact; `digest-mismatch` when it makes none. */
export function readStatementAbout(
  payload: Uint8Array,
  artifact: Artifact,
): Pick<Evidence, 'claims'> | Refusal {
  const statement = parseJson(payload, statementAboutSchema, 'Statement');
  if (isRefusal(statement)) return statement;
  if (statement.subject.length > MAX_SUBJECTS) {
    return refuse('too-many', `Statement has more than ${MAX_SUBJECTS} subjects`);
  }
  const ours = statement.subject.filter(({ digest }) =>
    Object.entries(digest).some(([algorithm, hex]) => artifact.has(algorithm, hex)),
  );
  return ours.length === 0
    ? refuse('digest-mismatch', `Statement is not about ${artifact.digest}`)
    : { claims: ours.map(({ annotations }) => annotations ?? {}) };
}
