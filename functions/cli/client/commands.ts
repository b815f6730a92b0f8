import { cleanText, foldLines } from '#shared/core/foreign-text.ts';
import type { ExitCode } from '../run-command.ts';
import { type Api, type Query, readFleet } from './call-api.ts';
import { Accepted, Explanation, Preview, Verdict } from './schema.ts';
import { printJson, printLines, type Terminal } from './terminal.ts';

export interface ResyncArguments {
  readonly image: string | undefined;
  readonly digest: string | undefined;
  readonly cluster: string | undefined;
  readonly sync: string | undefined;
  readonly reason: string | undefined;
}

/** Asks for a resync, or with `dryRun` what one would change. */
export async function askResync(
  about: ResyncArguments,
  options: { readonly dryRun: boolean; readonly json: boolean; readonly key: string | undefined },
  api: Api,
  terminal: Terminal,
): Promise<ExitCode> {
  const path = '/v1/resync';
  if (!options.dryRun) {
    const accepted = await api.post(path, about, Accepted, options.key);
    const { id, clusters } = accepted;
    if (options.json) printJson(terminal, accepted, 0);
    else printLines(terminal, [`Resync ${id}: ${countClusters(clusters)} tasked`]);
    return 0;
  }
  const preview = await api.post(path, { ...about, dryRun: true }, Preview);
  const { clusters, looked, syncs, unread } = preview;
  if (options.json) printJson(terminal, preview);
  else {
    printLines(terminal, [
      ...syncs.map(({ cluster, sync, change, why }) => `${change}  ${cluster} ${sync}: ${why}`),
      ...unread.map(({ cluster, message }) => `unread  ${cluster}: ${message}`),
      `A resync would task ${countClusters(clusters)}; ${looked} of them looked at`,
    ]);
  }
  // What could not be looked at could not be checked.
  return unread.length === 0 ? 0 : 2;
}

function countClusters(count: number): string {
  return `${count} cluster${count === 1 ? '' : 's'}`;
}

const WELL = new Set(['Synced', 'Ignored']);

/** The fleet as `nomos status` prints it, or as JSON; 0 where all of it is well. Read once: a live read is costly. */
export async function showStatus(
  { query, json }: { readonly query: Query; readonly json: boolean },
  api: Api,
  terminal: Terminal,
): Promise<ExitCode> {
  return json ? showJson(query, api, terminal) : showText(query, api, terminal);
}

async function showText(query: Query, api: Api, { out }: Terminal): Promise<ExitCode> {
  let unwell = 0;
  for (let cursor: string | undefined; ; ) {
    const page = await api.text('/v1/fleet', { ...query, limit: '1000', cursor });
    out(cleanText(page.text));
    unwell += page.unwell;
    cursor = page.next;
    if (cursor === undefined) return unwell === 0 ? 0 : 1;
  }
}

async function showJson(query: Query, api: Api, terminal: Terminal): Promise<ExitCode> {
  const fleet = await readFleet(api, query);
  printJson(terminal, fleet);
  const well =
    fleet.syncs.every(({ phase, breakGlass }) => WELL.has(phase) && breakGlass === undefined) &&
    fleet.clusters.every(({ phase }) => phase === 'Reachable');
  return well ? 0 : 1;
}

/** Why an RSync is, or is not, on its tag's digest; 0 where it is. */
export async function showExplanation(
  about: { readonly cluster: string; readonly sync: string; readonly json: boolean },
  api: Api,
  terminal: Terminal,
): Promise<ExitCode> {
  const { json, ...query } = about;
  const explanation = await api.get('/v1/explain', query, Explanation);
  const { steps, conclusion, phase } = explanation;
  const lines = steps.flatMap(({ step, outcome, finding, details }) => [
    `${step.padEnd(10)} ${outcome.padEnd(7)} ${finding}`,
    ...details.map((detail) => `${' '.repeat(19)}${foldLines(detail)}`),
  ]);
  if (json) printJson(terminal, explanation);
  else printLines(terminal, [...lines, conclusion]);
  if (phase === undefined) return 2;
  return phase === 'Synced' ? 0 : 1;
}

/** What an image is under its policy; 0 where it is verified. */
export async function showVerdict(
  { image, json }: { readonly image: string; readonly json: boolean },
  api: Api,
  terminal: Terminal,
): Promise<ExitCode> {
  const verdict = await api.post('/v1/verify', { image }, Verdict);
  const candidates = verdict.candidates.map(
    ({ source, format, reason = 'accepted' }) => `  ${source} (${format}) ${reason}`,
  );
  const lines = [
    verdict.message,
    `  image ${verdict.image}`,
    `  digest ${verdict.digest ?? 'unknown'}`,
  ];
  if (json) printJson(terminal, verdict);
  else printLines(terminal, [...lines, ...candidates]);
  return verdict.verdict === 'verified' ? 0 : 1;
}
