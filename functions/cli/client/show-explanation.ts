import { cleanLine, escapeJson, foldLines } from '#shared/core/foreign-text.ts';
import type { Api } from './call-api.ts';
import type { ExitCode } from '../run-command.ts';
import { Explanation, Verdict } from './schema.ts';
import type { Terminal } from './terminal.ts';

/** Why an RSync is, or is not, on its tag's digest; 0 where it is. */
export async function showExplanation(
  {
    cluster,
    sync,
    json,
  }: { readonly cluster: string; readonly sync: string; readonly json: boolean },
  api: Api,
  { out }: Terminal,
): Promise<ExitCode> {
  const explanation = await api.get('/v1/explain', { cluster, sync }, Explanation);
  const { steps, conclusion, phase } = explanation;
  const lines = steps.flatMap(({ step, outcome, finding, details }) => [
    `${step.padEnd(10)} ${outcome.padEnd(7)} ${finding}`,
    ...details.map((detail) => `${' '.repeat(19)}${foldLines(detail)}`),
  ]);
  out(
    json
      ? `${escapeJson(JSON.stringify(explanation, null, 2))}\n`
      : [...lines, conclusion].map((line) => `${cleanLine(line)}\n`).join(''),
  );
  if (phase === undefined) return 2;
  return phase === 'Synced' ? 0 : 1;
}

/** What an image is under its policy; 0 where it is verified. */
export async function showVerdict(
  { image, json }: { readonly image: string; readonly json: boolean },
  api: Api,
  { out }: Terminal,
): Promise<ExitCode> {
  const told = await api.post('/v1/verify', { image }, Verdict);
  const candidates = told.candidates.map(
    ({ source, format, reason = 'accepted' }) => `  ${source} (${format}) ${reason}`,
  );
  const lines = [told.message, `  image ${told.image}`, `  digest ${told.digest ?? 'unknown'}`];
  out(
    json
      ? `${escapeJson(JSON.stringify(told, null, 2))}\n`
      : [...lines, ...candidates].map((line) => `${cleanLine(line)}\n`).join(''),
  );
  return told.verdict === 'verified' ? 0 : 1;
}
