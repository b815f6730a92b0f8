import { Verdict } from '../api/schema.ts';
import { type ExitCode, print } from '../terminal.ts';
import type { Given, VerbDeps } from '../verb.ts';

/** What an image is under its policy; 0 where it is verified. */
export async function showVerdict(
  { image, json }: Given & { readonly image: string },
  { api, terminal }: Pick<VerbDeps, 'api' | 'terminal'>,
): Promise<ExitCode> {
  const verdict = await api.post('/v1/verify', { image }, Verdict);
  print(terminal, json, verdict, [
    verdict.message,
    `  image ${verdict.image}`,
    `  digest ${verdict.digest ?? 'unknown'}`,
    ...verdict.candidates.map(
      ({ source, format, reason = 'accepted' }) => `  ${source} (${format}) ${reason}`,
    ),
  ]);
  return verdict.verdict === 'verified' ? 0 : 1;
}
