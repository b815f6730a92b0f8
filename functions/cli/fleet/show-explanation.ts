import { Explanation } from '../api/schema.ts';
import { viewExplanation } from '../screens/explanation.ts';
import type { ExitCode } from '../terminal.ts';
import type { VerbDeps } from '../verb.ts';

/** Why an RSync is, or is not, on its tag's digest; 0 where it is. */
export async function showExplanation(
  query: { readonly cluster: string; readonly sync: string },
  { api, terminal }: Pick<VerbDeps, 'api' | 'terminal'>,
): Promise<ExitCode> {
  const explanation = await api.get('/v1/explain', { ...query }, Explanation);
  terminal.show(viewExplanation({ ...query, ...explanation }));
  if (explanation.phase === undefined) return 2;
  return explanation.phase === 'Synced' ? 0 : 1;
}
