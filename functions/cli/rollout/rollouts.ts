import { viewDecision } from '../screens/decision.ts';
import { viewRollout } from '../screens/rollout.ts';
import { viewRollouts } from '../screens/rollouts.ts';
import type { ExitCode } from '../terminal.ts';
import type { Api } from '../api/call-api.ts';
import { readRollouts } from '../api/pages.ts';
import type { VerbDeps } from '../verb.ts';
import { Decided, Rollout } from '../api/schema.ts';

type Shown = Pick<VerbDeps, 'api' | 'terminal'>;

/** Every roll-out with one sentence; 1 where a person has to act. */
export async function showRollouts(
  { ...query }: { readonly image?: string; readonly status?: string },
  { api, terminal }: Shown,
): Promise<ExitCode> {
  const found = await readRollouts(api, query);
  terminal.show(viewRollouts(found));
  const { rollouts, lost } = found;
  return lost.length > 0 || rollouts.some(({ status }) => status === 'halted') ? 1 : 0;
}

/** One roll-out as a whole; 1 where it is halted. */
export async function showRollout(
  { id }: { readonly id: string },
  { api, terminal }: Shown,
): Promise<ExitCode> {
  const rollout = await readRollout(api, id);
  terminal.show(viewRollout(rollout));
  return rollout.status === 'halted' ? 1 : 0;
}

/** The roll-out of an id. Throws `ApiFailure`. */
export function readRollout(api: Pick<Api, 'get'>, id: string): Promise<Rollout> {
  return api.get(`/v1/rollouts/${encodeURIComponent(id)}`, {}, Rollout);
}

interface Decision {
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
  return async ({ id, key, ...body }, { api, terminal }) => {
    const path = `/v1/rollouts/${encodeURIComponent(id)}/${verb}`;
    const decided = await api.post(path, body, Decided, key);
    terminal.show(viewDecision(decided));
    return 0;
  };
}

interface Start extends Omit<Decision, 'id'> {
  readonly image: string;
}

/** Starts what a tag names, or `IMAGE@DIGEST`, or with `dryRun` says what that would change. */
export async function startRollout(
  { image: text, key, ...body }: Start,
  { api, terminal }: Shown,
): Promise<ExitCode> {
  const [image, digest] = text.split('@', 2);
  const decided = await api.post('/v1/rollouts', { ...body, image, digest }, Decided, key);
  terminal.show(viewDecision(decided));
  return 0;
}
