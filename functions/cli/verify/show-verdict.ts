import { Verdict } from '../api/schema.ts';
import { viewVerdict } from '../screens/verdict.ts';
import type { ExitCode } from '../terminal.ts';
import type { VerbDeps } from '../verb.ts';

/** What an image is under its policy; 0 where it is verified. */
export async function showVerdict(
  { image }: { readonly image: string },
  { api, terminal }: Pick<VerbDeps, 'api' | 'terminal'>,
): Promise<ExitCode> {
  const verdict = await api.post('/v1/verify', { image }, Verdict);
  terminal.show(viewVerdict({ ...verdict, value: verdict }));
  return verdict.verdict === 'verified' ? 0 : 1;
}
