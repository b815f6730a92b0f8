import { sayCheck } from '#shared/core/rollout/view-checks.ts';
import { count, type ExitCode, print } from '../terminal.ts';
import type { Api } from '../api/call-api.ts';
import { readRollouts } from '../api/pages.ts';
import type { Given, VerbDeps } from '../verb.ts';
import { Decided, Rollout } from '../api/schema.ts';

type Shown = Pick<VerbDeps, 'api' | 'terminal'>;

/** Every roll-out with one sentence; 1 where a person has to act. */
export async function showRollouts(
  { json, ...query }: Given & { readonly image?: string; readonly status?: string },
  { api, terminal }: Shown,
): Promise<ExitCode> {
  const found = await readRollouts(api, query);
  const { rollouts, lost } = found;
  print(terminal, json, found, [
    ...rollouts.flatMap(({ status, image, id, message }) => [
      `${status.padEnd(STATUS_WIDTH)} ${image}  ${id}`,
      `${' '.repeat(STATUS_WIDTH)} ${message}`,
    ]),
    ...lost.map((image) => `${'lost'.padEnd(STATUS_WIDTH)} ${image}`),
    ...(rollouts.length + lost.length === 0 ? ['No roll-outs'] : []),
  ]);
  return lost.length > 0 || rollouts.some(({ status }) => status === 'halted') ? 1 : 0;
}

/** As wide as the longest status. */
const STATUS_WIDTH = 'awaiting-approval'.length;

/** One roll-out as a whole; 1 where it is halted. */
export async function showRollout(
  { json, id }: Given & { readonly id: string },
  { api, terminal }: Shown,
): Promise<ExitCode> {
  const rollout = await readRollout(api, id);
  const { image, digest, previous, status, version, stages, history, message } = rollout;
  print(terminal, json, rollout, [
    `${rollout.id}  ${status}, version ${version}`,
    `  image     ${image}`,
    `  digest    ${digest}`,
    ...(previous === undefined ? [] : [`  previous  ${previous}`]),
    ...stages.flatMap((stage) => [
      `  stage     ${stage.stage}: ${sayCounts(stage)}`,
      ...stage.lagging.map(
        ({ cluster, sync = '', standing, message: why = '' }) =>
          `    ${standing}  ${cluster} ${sync}: ${why}`,
      ),
    ]),
    ...(rollout.checks ?? []).map((check) => `  check     ${sayCheck(check)}`),
    ...history.map(({ at, by, did, reason }) => `  ${at}  ${by}: ${did} (${reason})`),
    message,
  ]);
  return status === 'halted' ? 1 : 0;
}

export function readRollout(api: Pick<Api, 'get'>, id: string): Promise<Rollout> {
  return api.get(`/v1/rollouts/${encodeURIComponent(id)}`, {}, Rollout);
}

/** What is none of them is left out. */
function sayCounts(counts: Rollout['stages'][number]): string {
  const others = Object.entries({
    'under way': counts.underWay,
    failed: counts.failed,
    'failing as before': counts.failedBefore,
    unreachable: counts.unreachable,
    waiting: counts.waiting,
    ignored: counts.ignored,
    held: counts.held,
  }).flatMap(([word, amount]) => (amount === 0 ? [] : [`${amount} ${word}`]));
  return [`${counts.live} of ${counts.clusters} live`, ...others].join(', ');
}

interface Decision extends Given {
  readonly id: string;
  readonly reason: string;
  readonly all?: boolean;
  readonly overrideWindows?: boolean;
  readonly includeHeld?: boolean;
  readonly ifVersion?: number;
  readonly ignore?: readonly string[];
  readonly stage?: string;
  readonly to?: string;
  readonly key?: string;
  readonly dryRun?: boolean;
}

/** Decides on a roll-out, or with `dryRun` says what that would change. */
export function decideOn(
  verb: 'pause' | 'resume' | 'abort' | 'approve' | 'promote' | 'rollback' | 'retry',
): (given: Decision, deps: Shown) => Promise<ExitCode> {
  return async ({ json, id, key, ...body }, { api, terminal }) => {
    const path = `/v1/rollouts/${encodeURIComponent(id)}/${verb}`;
    const decided = await api.post(path, body, Decided, key);
    print(terminal, json, decided, describe(decided));
    return 0;
  };
}

interface Start extends Omit<Decision, 'id'> {
  readonly image: string;
}

/** Starts what a tag names, or `IMAGE@DIGEST`, or with `dryRun` says what that would change. */
export async function startRollout(
  { json, image: text, key, ...body }: Start,
  { api, terminal }: Shown,
): Promise<ExitCode> {
  const [image, digest] = text.split('@', 2);
  const decided = await api.post('/v1/rollouts', { ...body, image, digest }, Decided, key);
  print(terminal, json, decided, describe(decided));
  return 0;
}

function describe({ rollout, touched, message, needsTag }: Decided): readonly string[] {
  const { id, status, version } = rollout;
  const byHand = needsTag === undefined ? [] : [`Move the tag as well: ${needsTag.command}`];
  if (touched === undefined) return [`${id} is ${status}, version ${version}`, ...byHand];
  return [
    ...touched.list.map(
      ({ cluster, sync, before = 'nothing', after = 'nothing', why }) =>
        `${cluster} ${sync}: ${before} -> ${after}${why === undefined ? '' : ` (${why})`}`,
    ),
    `Would touch ${count(touched.syncs, 'RSync')} on ${count(touched.clusters, 'cluster')}`,
    ...(message === undefined ? [] : [message]),
    ...byHand,
  ];
}
