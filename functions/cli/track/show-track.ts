import { Track } from '../api/schema.ts';
import { type ExitCode, print } from '../terminal.ts';
import type { Given, VerbDeps } from '../verb.ts';
import type * as z from 'zod';

interface Asked extends Given {
  readonly image: string;
  readonly chart?: boolean;
}

/** The candidates of an image, the best first; 0 where one of them is chosen. */
export async function showTrack(
  { image, chart, json }: Asked,
  { api, terminal }: Pick<VerbDeps, 'api' | 'terminal'>,
): Promise<ExitCode> {
  const kind = chart === true ? 'chart' : undefined;
  const found = await api.get('/v1/track', { image, kind }, Track);
  print(terminal, json, found, linesOf(found));
  return found.candidates.some(({ chosen }) => chosen) ? 0 : 1;
}

function linesOf(track: z.infer<typeof Track>): readonly string[] {
  const { message, listedAt, candidates, ignored, taken, warnings } = track;
  const width = Math.max(0, ...candidates.map(({ tag }) => tag.length));
  return [
    message,
    `  listed ${listedAt}`,
    ...taken.map(({ tag, syncs }) => `  taken ${tag} by ${syncs} RSyncs`),
    ...candidates.map(
      ({ tag, chosen, why }) => `${chosen ? '*' : ' '} ${tag.padEnd(width)}  ${why}`,
    ),
    ...ignored.map(
      ({ count, examples, meaning }) =>
        `  ignored ${count}: a tag ${meaning} (${examples.join(', ')})`,
    ),
    ...warnings.map((warning) => `  note: ${warning}`),
  ];
}
