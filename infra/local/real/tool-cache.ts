import { homedir } from 'node:os';
import { join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Folders of built tools, the preferred one first: `COUNTERSIGN_TOOLS` where it is set (a CI cache, say), then the
 * user's cache. `npm run tools` fills the first.
 */
export function toolFolders(env: Environment): [string, ...string[]] {
  const cache = join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'countersign', 'tools');
  const chosen = env['COUNTERSIGN_TOOLS'];
  return chosen ? [chosen, cache] : [cache];
}
