import { Track } from '../api/schema.ts';
import { viewTrack } from '../screens/track.ts';
import type { ExitCode } from '../terminal.ts';
import type { VerbDeps } from '../verb.ts';

interface Asked {
  readonly image: string;
  readonly chart?: boolean;
}

/** The candidates of an image, the best first; 0 where one of them is chosen. */
export async function showTrack(
  { image, chart }: Asked,
  { api, terminal }: Pick<VerbDeps, 'api' | 'terminal'>,
): Promise<ExitCode> {
  const kind = chart === true ? 'chart' : undefined;
  const found = await api.get('/v1/track', { image, kind }, Track);
  terminal.show(viewTrack(found));
  return found.candidates.some(({ chosen }) => chosen) ? 0 : 1;
}
