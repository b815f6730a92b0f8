import { CountersignError } from '#shared/core/errors.ts';
import type { ExitCode } from '../terminal.ts';
import { viewLines } from '../screens/lines.ts';
import { absence, type AwaitOptions, type Named } from './await-digest.ts';
import { type Api, ApiFailure } from '../api/call-api.ts';
import { readRollouts } from '../api/pages.ts';
import type { VerbDeps } from '../verb.ts';
import { poll } from './poll.ts';
import { readRollout } from '../rollout/rollouts.ts';
import { type Rollout, Verdict } from '../api/schema.ts';

/** How a roll-out stands to the digest and the stage that are waited for. */
type Standing = 'passed' | 'failed' | 'waiting';

interface Found {
  readonly rollout: Rollout;
  readonly standing: Standing;
}

type StageOptions = Omit<AwaitOptions, 'cluster'> & { readonly stage: string };

/**
 * Waits until every roll-out of the digest has passed a stage: 0. One that is halted, aborted, rolled back or replaced
 * before ends the wait: 1, and so does a digest that is not rolled out once the grace is over. A pause is waited out.
 * Otherwise as `awaitDigest`. Throws `ApiFailure`, and `bad-request` where the strategy has no such stage.
 */
export async function awaitStage(options: StageOptions, deps: VerbDeps): Promise<ExitCode> {
  const { image, stage, timeout, grace } = options;
  const { api, terminal } = deps;
  let named: (Named & { readonly image: string }) | undefined;
  let found: readonly Found[] | undefined;
  const code = await poll(
    {
      async look() {
        if (named?.digest === undefined) named = await api.post('/v1/verify', { image }, Verdict);
        const { digest, image: name } = named;
        if (digest === undefined) return;
        // A chart is rolled out by its version.
        const keys = new Set([digest, withoutDigest(name)]);
        const before = new Set(found?.map(({ rollout }) => rollout.image));
        found = await look(api, { image: withoutDigest(image), keys, stage, before });
      },
      judge: (elapsedMs) => ({
        line: found === undefined ? absence(named) : describe(found),
        code: found && codeOf(found, elapsedMs < grace),
      }),
      isKnown: () => found !== undefined || absence(named) !== undefined,
    },
    timeout,
    deps,
  );
  const all = found ?? [];
  const rollouts = all.map(({ rollout, standing }) => ({ ...rollout, standing }));
  const lines = all
    .filter(({ standing }) => standing !== 'passed')
    .map(({ rollout }) => `${rollout.id}: ${rollout.message}`);
  const names = rollouts.map(({ id }) => id);
  const end = `Stage ${stage} ${code === 1 && all.length === 0 ? NONE : LAST[code]}`;
  terminal.show(viewLines({ code, stage, rollouts }, [...lines, end], names));
  return code;
}

interface About {
  readonly image: string;
  readonly keys: ReadonlySet<string>;
  readonly stage: string;
  /** Images whose roll-out was of the digest before. */
  readonly before: ReadonlySet<string>;
}

async function look(api: Api, about: About): Promise<readonly Found[]> {
  const { rollouts } = await readRollouts(api, { image: about.image });
  const all = await Promise.all(rollouts.map(({ id }) => readAgain(api, id)));
  return all.flatMap((rollout) => {
    if (rollout === undefined) return [];
    const standing = standingOf(rollout, about);
    return standing === undefined ? [] : [{ rollout, standing }];
  });
}

/** Undefined where a newer one has taken its place since the list was read. */
async function readAgain(api: Api, id: string): Promise<Rollout | undefined> {
  try {
    return await readRollout(api, id);
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 404) return undefined;
    throw error;
  }
}

/** Undefined where the roll-out has nothing to do with the digest. */
function standingOf(rollout: Rollout, { keys, stage, before }: About): Standing | undefined {
  const { kind, digest, status, stages, previous = '', next, rejected } = rollout;
  if (rejected.some((key) => keys.has(key))) return 'failed';
  if (kind === 'forward' && keys.has(digest)) {
    const wanted = stages.findIndex((one) => one.stage === stage);
    if (wanted < 0 && stages.length > 0) {
      const known = stages.map((one) => one.stage).join(', ');
      const message = `The strategy of ${rollout.image} has no stage ${stage}; it has ${known}`;
      throw new CountersignError('bad-request', message);
    }
    if (status === 'completed' || rollout.before === 'completed') return 'passed';
    if (wanted >= 0 && stages.findIndex((one) => one.stage === rollout.stage) > wanted) {
      return 'passed';
    }
    return ENDED.has(status) ? 'failed' : 'waiting';
  }
  // What was completed before is the way back.
  if (keys.has(previous)) return 'passed';
  if (next !== undefined && keys.has(next.digest)) return 'waiting';
  return before.has(rollout.image) ? 'failed' : undefined;
}

/** States from which nothing but a person, or another digest, leads on. */
const ENDED = new Set(['halted', 'aborted', 'retired']);

/** Undefined while there is something to wait for: within the grace, also for a roll-out that has not begun. */
function codeOf(found: readonly Found[], mayAppear: boolean): ExitCode | undefined {
  if (found.length === 0) return mayAppear ? undefined : 1;
  if (found.some(({ standing }) => standing === 'failed')) return 1;
  return found.every(({ standing }) => standing === 'passed') ? 0 : undefined;
}

function describe(found: readonly Found[]): string {
  if (found.length === 0) return 'This digest is not rolled out yet';
  return found.map(({ rollout }) => rollout.message).join('; ');
}

/** It neither failed nor will it pass. */
const NONE = 'not passed: this digest is not rolled out';

const LAST = {
  0: 'passed',
  1: 'failed',
  2: 'is not known: the service never answered',
  3: 'not passed in time',
};

function withoutDigest(image: string): string {
  return image.replace(/(?<=.)@[^@]*$/, '');
}
