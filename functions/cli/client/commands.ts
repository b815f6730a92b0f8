import { cleanLine, cleanText, foldLines } from '#shared/core/foreign-text.ts';
import { count, type ExitCode, print, type Terminal } from '../terminal.ts';
import { type Api, readFleet } from './call-api.ts';
import { freezeLines } from './freeze-lines.ts';
import { Accepted, Explanation, Preview, Verdict } from './schema.ts';

/** What a verb works with. */
export interface VerbDeps {
  readonly api: Api;
  readonly terminal: Terminal;
  /** Milliseconds, from any origin. */
  readonly now: () => number;
  /** The time of day, for what is sent. */
  readonly date: () => Date;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** What every verb is given. */
export interface Given {
  readonly json: boolean;
}

/** What one verb is given as well: its texts and its flags, by name. */
type Options<Text extends string, Flag extends string> = Given &
  Readonly<Partial<Record<Text, string> & Record<Flag, boolean>>>;

type Shown = Pick<VerbDeps, 'api' | 'terminal'>;

type ResyncText = 'image' | 'digest' | 'cluster' | 'sync' | 'reason' | 'key';

/** Asks for a resync, or with `dryRun` what one would change. */
export async function askResync(
  { json, dryRun, key, ...about }: Options<ResyncText, 'dryRun'>,
  { api, terminal }: Shown,
): Promise<ExitCode> {
  const path = '/v1/resync';
  if (!dryRun) {
    const accepted = await api.post(path, about, Accepted, key);
    const { id, clusters } = accepted;
    print(terminal, json, accepted, [`Resync ${id}: ${count(clusters, 'cluster')} tasked`]);
    return 0;
  }
  const preview = await api.post(path, { ...about, dryRun }, Preview);
  const { clusters, looked, syncs, unread } = preview;
  print(terminal, json, preview, [
    ...syncs.map(({ cluster, sync, change, why }) => `${change}  ${cluster} ${sync}: ${why}`),
    ...unread.map(({ cluster, message }) => `unread  ${cluster}: ${message}`),
    `A resync would task ${count(clusters, 'cluster')}; ${looked} of them looked at`,
  ]);
  // What could not be looked at could not be checked.
  return unread.length === 0 ? 0 : 2;
}

const WELL = new Set(['Synced', 'Ignored', 'Waiting']);

/** The fleet as `nomos status` prints it, or as JSON; 0 where all of it is well. Read once: a live read is costly. */
export async function showStatus(
  { json, live, ...about }: Options<'image' | 'cluster' | 'sync' | 'phase', 'live'>,
  { api, terminal }: Shown,
): Promise<ExitCode> {
  const query = { ...about, live: live ? 'true' : undefined };
  if (json) {
    const fleet = await readFleet(api, query);
    print(terminal, json, fleet, []);
    const well =
      fleet.syncs.every(({ phase, breakGlass }) => WELL.has(phase) && breakGlass === undefined) &&
      fleet.clusters.every(({ phase }) => phase === 'Reachable');
    return well ? 0 : 1;
  }
  let unwell = 0;
  for (let cursor: string | undefined; ; ) {
    const page = await api.text('/v1/fleet', { ...query, limit: '1000', cursor });
    terminal.out(cleanText(page.text));
    unwell += page.unwell;
    cursor = page.next;
    if (cursor === undefined) break;
  }
  // Why what is waited for does not come.
  for (const line of await freezeLines(api)) terminal.out(`${cleanLine(line)}\n`);
  return unwell === 0 ? 0 : 1;
}

/** Why an RSync is, or is not, on its tag's digest; 0 where it is. */
export async function showExplanation(
  { json, ...query }: Given & { readonly cluster: string; readonly sync: string },
  { api, terminal }: Shown,
): Promise<ExitCode> {
  const explanation = await api.get('/v1/explain', query, Explanation);
  const { steps, conclusion, phase } = explanation;
  const lines = steps.flatMap(({ step, outcome, finding, details }) => [
    `${step.padEnd(10)} ${outcome.padEnd(7)} ${finding}`,
    ...details.map((detail) => `${' '.repeat(19)}${foldLines(detail)}`),
  ]);
  print(terminal, json, explanation, [...lines, conclusion]);
  if (phase === undefined) return 2;
  return phase === 'Synced' ? 0 : 1;
}

/** What an image is under its policy; 0 where it is verified. */
export async function showVerdict(
  { image, json }: Given & { readonly image: string },
  { api, terminal }: Shown,
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
