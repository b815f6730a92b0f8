import { CountersignError } from '#shared/core/errors.ts';
import type { Api } from '../api/call-api.ts';
import { Accepted, Preview } from '../api/schema.ts';
import { viewPreview } from '../screens/preview.ts';
import { viewLines } from '../screens/lines.ts';
import { count, type ExitCode } from '../terminal.ts';
import type { Options, VerbDeps } from '../verb.ts';

type Asked = Options<'image' | 'digest' | 'cluster' | 'sync' | 'reason' | 'key', 'dryRun' | 'all'>;

type Deps = Pick<VerbDeps, 'api' | 'terminal'>;

/**
 * Asks for a resync, or with `dryRun` what one would change; 1 where it is about no cluster. Of the whole fleet only where
 * the caller says so, by `all` or at the terminal. Throws `bad-request`.
 */
export async function askResync(
  { dryRun, all, key, ...about }: Asked,
  deps: Deps,
): Promise<ExitCode> {
  const { api, terminal } = deps;
  const isWhole = [about.image, about.cluster, about.sync].every((name) => name === undefined);
  if (all && !isWhole) {
    throw new CountersignError(
      'bad-request',
      '--all is the whole fleet: leave it out, or what narrows it',
    );
  }
  if (dryRun) return preview(about, deps);
  if (isWhole && !all && !(await isMeant(deps))) {
    terminal.err('Nothing was asked for\n');
    return 1;
  }
  const accepted = await api.post('/v1/resync', about, Accepted, key);
  const { id, clusters } = accepted;
  const said =
    clusters === 0 ? sayNone(about) : `Resync ${id}: ${count(clusters, 'cluster')} tasked`;
  terminal.show(viewLines(accepted, [said], [id]));
  return clusters === 0 ? 1 : 0;
}

async function preview(
  about: Omit<Asked, 'dryRun' | 'all' | 'key'>,
  { api, terminal }: Deps,
): Promise<ExitCode> {
  const found = await lookAhead(api, about);
  const { clusters, looked, syncs, unread } = found;
  const isNone =
    clusters === 0 || (syncs.length === 0 && unread.length === 0 && looked === clusters);
  terminal.show(viewPreview(found, isNone ? sayNone(about) : undefined));
  // What could not be looked at could not be checked.
  if (unread.length > 0) return 2;
  return isNone ? 1 : 0;
}

function lookAhead(api: Pick<Api, 'post'>, about: object): Promise<Preview> {
  return api.post('/v1/resync', { ...about, dryRun: true }, Preview);
}

/** Whether the person at the terminal means the whole fleet. Throws `bad-request` where none sits there. */
async function isMeant({ api, terminal: { ask } }: Deps): Promise<boolean> {
  if (ask === undefined) {
    const message =
      'This is the whole fleet: add --all, or narrow it with --image, --cluster or --sync';
    throw new CountersignError('bad-request', message);
  }
  const { clusters, looked, syncs } = await lookAhead(api, {});
  const changes = syncs.filter(({ change }) => change !== 'none').length;
  const seen = `of ${looked} that were looked at ${count(changes, 'RSync')} would change`;
  const answer = await ask(
    `Resync the whole fleet, ${count(clusters, 'cluster')} (${seen})? [y/N] `,
  );
  return /^y(?:es)?$/i.test(answer.trim());
}

/** What there is none of. */
function sayNone({ image, cluster, sync }: Pick<Asked, 'image' | 'cluster' | 'sync'>): string {
  const what = sync ?? (image === undefined ? 'RSyncs' : `an RSync that follows ${image}`);
  const where = cluster === undefined ? 'There is no cluster' : `${cluster} is not a cluster`;
  return `${where} with ${what}: nothing is looked at`;
}
