import { defined } from '#shared/core/defined.ts';
import { viewLines } from '../screens/lines.ts';
import { viewFreezes } from '../screens/people.ts';
import { count, type ExitCode } from '../terminal.ts';
import type { Given, VerbDeps } from '../verb.ts';
import { endOf } from '../read-time.ts';
import { FreezeAnswer, FreezeList } from '../api/schema.ts';

type Shown = Pick<VerbDeps, 'api' | 'terminal'>;

interface Freezing {
  readonly image?: string;
  readonly clusters?: string;
  readonly until?: string;
  /** In milliseconds, from now on. */
  readonly for?: number;
  readonly reason: string;
  readonly key?: string;
  readonly dryRun?: boolean;
}

/** Freezes, or with `dryRun` says what that would be about. */
export async function freeze(
  { key, for: lastingMs, ...given }: Freezing,
  { api, terminal, date }: Pick<VerbDeps, 'api' | 'terminal' | 'date'>,
): Promise<ExitCode> {
  const until = endOf({ ...given, ...defined({ for: lastingMs }) }, date());
  const body = { ...given, ...defined({ until }) };
  const answer = await api.post('/v1/freezes', body, FreezeAnswer, key);
  const what = answer.dryRun ? 'Would freeze' : `Frozen, ${answer.freeze.id}:`;
  const lines = [`${what} ${sayTouched(answer)}`, ...sayNone(answer)];
  terminal.show(viewLines(answer, lines, [answer.freeze.id]));
  return 0;
}

/** Lifts a freeze, or with `dryRun` says what would go on. */
export async function unfreeze(
  { id, reason, dryRun }: { id: string; reason: string; dryRun?: boolean },
  { api, terminal }: Shown,
): Promise<ExitCode> {
  const path = `/v1/freezes/${encodeURIComponent(id)}`;
  const answer = await api.delete(
    path,
    { reason, dryRun: dryRun ? 'true' : undefined },
    FreezeAnswer,
  );
  const what = answer.dryRun ? 'Would unfreeze' : `Unfrozen, ${answer.freeze.id}:`;
  terminal.show(viewLines(answer, [`${what} ${sayTouched(answer)}`], [answer.freeze.id]));
  return 0;
}

/** Every freeze that holds; 1 where there is one. */
export async function showFreezes(_: Given, { api, terminal }: Shown): Promise<ExitCode> {
  const found = await api.get('/v1/freezes', {}, FreezeList);
  terminal.show(viewFreezes(found));
  return found.freezes.length === 0 ? 0 : 1;
}

function sayTouched({ touched, freeze: { image } }: FreezeAnswer): string {
  if (touched === undefined) return `${image ?? 'everything'}; the fleet could not be counted`;
  const { clusters, syncs, waiting } = touched;
  const waits = waiting === 0 ? '' : `, of which ${waiting} wait for a freeze to end`;
  return `${count(syncs, 'RSync')} on ${count(clusters, 'cluster')}${waits}`;
}

/** A freeze of what is not there is easily a freeze of the wrong thing. */
function sayNone({ touched }: FreezeAnswer): readonly string[] {
  if (touched === undefined || touched.syncs > 0) return [];
  return ['Nothing there follows it today: see that image and selector are right'];
}
