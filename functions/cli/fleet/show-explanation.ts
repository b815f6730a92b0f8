import { foldLines } from '#shared/core/foreign-text.ts';
import { Explanation } from '../api/schema.ts';
import { type ExitCode, print } from '../terminal.ts';
import type { Given, VerbDeps } from '../verb.ts';

/** Why an RSync is, or is not, on its tag's digest; 0 where it is. */
export async function showExplanation(
  { json, ...query }: Given & { readonly cluster: string; readonly sync: string },
  { api, terminal }: Pick<VerbDeps, 'api' | 'terminal'>,
): Promise<ExitCode> {
  const explanation = await api.get('/v1/explain', query, Explanation);
  const { steps, conclusion, phase } = explanation;
  const lines = steps.flatMap(({ step, outcome, finding, details }) => [
    `${step.padEnd(10)} ${outcome.padEnd(7)} ${finding}`,
    ...details.map((detail) => `${' '.repeat(19)}${foldLines(detail)}`),
  ]);
  print(terminal, json, explanation, [...lines, conclusion]);
  if (phase === undefined) return 2;
  return phase === 'Synced' ? 0 : 1;
}
