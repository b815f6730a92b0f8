import type { Api } from '../api/call-api.ts';
import { type Freeze, FreezeList } from '../api/schema.ts';

/**
 * Lines about what is frozen, for a verb that shows something else; none where nothing is, or where a service of before
 * there were freezes answers.
 */
export async function freezeLines(api: Pick<Api, 'get'>): Promise<readonly string[]> {
  const { freezes } = await api.get('/v1/freezes', {}, FreezeList).catch(() => ({ freezes: [] }));
  return freezes.map((one: Freeze) => `FROZEN  ${sayFreeze(one)}`);
}

/** One freeze, in a line. */
function sayFreeze({ id, image, clusters, by, since, until, reason }: Freeze): string {
  const where = clusters === undefined ? 'all clusters' : `clusters with ${clusters}`;
  const end = until === undefined ? '' : ` until ${until}`;
  return `${id}  ${image ?? 'all images'} in ${where}, by ${by} since ${since}${end}: ${reason}`;
}
